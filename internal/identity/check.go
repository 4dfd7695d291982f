package identity

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"curfew/internal/people"
	"curfew/workflows/contract"
)

// discovery is what Curfew needs of what a provider says of itself.
type discovery struct {
	Issuer     string   `json:"issuer"`
	Authorize  string   `json:"authorization_endpoint"`
	Token      string   `json:"token_endpoint"`
	Keys       string   `json:"jwks_uri"`
	Algorithms []string `json:"id_token_signing_alg_values_supported"`
	Challenges []string `json:"code_challenge_methods_supported"`
}

// Check finds out whether people could sign in at the provider, and signs nobody in; callback is where it would send
// browsers back to. Every error is a *contract.Problem that names the setting, and what to write there.
func Check(ctx context.Context, settings people.OIDC, callback string) []error {
	c := checker{settings, &http.Client{
		Timeout:       askWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	found, err := c.discover(ctx)
	if err != nil {
		return []error{err}
	}
	var faults []error
	for _, check := range []func(context.Context, discovery) error{c.signing, c.keys, c.client} {
		if err := check(ctx, found); err != nil {
			faults = append(faults, err)
		}
	}
	if err := c.callback(ctx, found, callback); err != nil {
		faults = append(faults, err)
	}
	return faults
}

type checker struct {
	settings people.OIDC
	http     *http.Client
}

const issuerLike = "write the issuer itself, like https://login.microsoftonline.com/<tenant id>/v2.0 (Entra), https://<org>.okta.com (Okta), " +
	"https://accounts.google.com, or https://<host>/realms/<realm> (Keycloak)"

// discover reads the document at the issuer, and holds that it is the issuer's own.
func (c checker) discover(ctx context.Context) (found discovery, err error) {
	address := strings.TrimSuffix(c.settings.Issuer, "/") + "/.well-known/openid-configuration"
	status, body, err := c.get(ctx, address)
	switch {
	case err != nil:
		return found, contract.Unavailable("%s can't be reached: %v", address, plainly(err)).
			At("oidc.issuer").
			Advise("check the host, its certificate, and that it can be reached from here")
	case status != http.StatusOK:
		return found, contract.Invalid("there is no provider: %s answers %d", address, status).
			At("oidc.issuer").
			Advise(issuerLike)
	case json.Unmarshal(body, &found) != nil || found.Issuer == "":
		return found, contract.Invalid("there is no provider: %s is no discovery document", address).
			At("oidc.issuer").
			Advise(issuerLike)
	case found.Issuer != c.settings.Issuer:
		return found, contract.Invalid("the provider at %s calls itself %q: every token would be refused", c.settings.Issuer, contract.Shorten(found.Issuer, longestGroup)).
			At("oidc.issuer").
			Advise(issuerFix(found.Issuer))
	case found.Keys == "" || found.Authorize == "" || found.Token == "":
		return found, contract.Invalid("the provider does not say where people sign in, or where its keys are").
			At("oidc.issuer").
			Advise(issuerLike)
	}
	return found, nil
}

func issuerFix(is string) string {
	if strings.Contains(is, "{tenantid}") {
		return "write your tenant's id in the place of common or organizations"
	}
	return "write " + contract.Shorten(is, longestGroup) + ", letter for letter"
}

// signing holds that the provider signs in a way that is accepted, and offers PKCE.
func (c checker) signing(_ context.Context, found discovery) error {
	accepted := func(algorithm string) bool { return slices.Contains(algorithms, algorithm) }
	switch {
	case len(found.Algorithms) > 0 && !slices.ContainsFunc(found.Algorithms, accepted):
		return contract.Invalid("the provider signs tokens with %s alone", contract.Shorten(strings.Join(found.Algorithms, ", "), longestGroup)).
			At("oidc.issuer").
			Advise("switch one of " + strings.Join(algorithms, ", ") + " on at the provider")
	case len(found.Challenges) > 0 && !slices.Contains(found.Challenges, "S256"):
		return contract.Invalid("the provider offers no PKCE with S256").
			At("oidc.issuer").
			Advise("switch PKCE with S256 on at the provider")
	}
	return nil
}

// keys holds that the provider publishes one that its tokens can be verified with.
func (c checker) keys(ctx context.Context, found discovery) error {
	status, body, err := c.get(ctx, found.Keys)
	if err != nil {
		return contract.Unavailable("the provider's keys at %s can't be reached: %v", found.Keys, plainly(err)).
			At("oidc.issuer").
			Advise("let Curfew reach it, too")
	}
	var set jose.JSONWebKeySet
	if status != http.StatusOK || json.Unmarshal(body, &set) != nil {
		return contract.Invalid("the provider has no keys at %s: it answers %d", found.Keys, status).
			At("oidc.issuer").
			Advise("see what the provider's jwks_uri leads to")
	}
	usable := func(key jose.JSONWebKey) bool {
		return key.IsPublic() && key.Valid() && key.Use != "enc" &&
			(key.Algorithm == "" || slices.Contains(algorithms, key.Algorithm))
	}
	if !slices.ContainsFunc(set.Keys, usable) {
		return contract.Invalid("none of the provider's %d keys can verify a token", len(set.Keys)).
			At("oidc.issuer").
			Advise("have the provider sign with one of " + strings.Join(algorithms, ", "))
	}
	return nil
}

// client shows the provider a code that it never gave: who is known is told that the code is no good, and who is not is
// told that.
func (c checker) client(ctx context.Context, found discovery) error {
	form := url.Values{
		"grant_type": {
			"authorization_code",
		},
		"code":          {"no-code-of-yours"},
		"code_verifier": {NewSecret()},
		"client_id":     {c.settings.ClientID},
		"redirect_uri":  {"http://127.0.0.1/"},
	}
	secret := c.settings.ClientSecret.Reveal()
	status, body, err := c.post(ctx, found.Token, form, func(r *http.Request) {
		if secret != "" {
			r.SetBasicAuth(url.QueryEscape(c.settings.ClientID), url.QueryEscape(secret))
		}
	})
	var answer struct {
		Error string `json:"error"`
	}
	if err != nil || status < 400 || json.Unmarshal(body, &answer) != nil {
		return nil // it says nothing of the client
	}
	if answer.Error == "invalid_client" && secret != "" { // some take the secret in the form alone
		form.Set("client_secret", secret)
		_, body, err = c.post(ctx, found.Token, form, func(*http.Request) {})
		if err != nil || json.Unmarshal(body, &answer) != nil {
			return nil
		}
	}
	if answer.Error != "invalid_client" && answer.Error != "unauthorized_client" {
		return nil
	}
	if secret == "" {
		return contract.Invalid("the provider does not let the client %q in without a secret", c.settings.ClientID).
			At("oidc.clientSecret").
			Advise("write the client's secret, or make it a public client at the provider; and see that oidc.clientId is its id")
	}
	return contract.Invalid("the provider does not know the client %q by this secret (%s)", c.settings.ClientID, answer.Error).
		At("oidc.clientSecret").
		Advise("copy the client's id and secret from the provider again; the secret may have expired")
}

// callback asks for the page where people would sign in, and looks whether the provider says that it sends nobody back.
func (c checker) callback(ctx context.Context, found discovery, callback string) error {
	address, err := url.Parse(found.Authorize)
	if err != nil {
		return nil
	}
	query := address.Query()
	for name, value := range map[string]string{
		"response_type": "code", "client_id": c.settings.ClientID, "redirect_uri": callback, "scope": strings.Join(ScopesToAsk(), " "),
		"state": NewSecret(), "nonce": NewSecret(), "code_challenge": NewSecret(), "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	address.RawQuery = query.Encode()
	status, body, err := c.get(ctx, address.String())
	said := strings.ToLower(string(body))
	refused := status >= 400 && (strings.Contains(said, "redirect_uri") || strings.Contains(said, "redirect uri"))
	if err != nil || !refused && !strings.Contains(said, "aadsts50011") {
		return nil
	}
	return contract.Invalid("the provider would send nobody back to %s", callback).
		At("oidc.clientId").
		Advise("register " + callback + " as a redirect address of the client at the provider")
}

func (c checker) get(ctx context.Context, address string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	return c.do(request)
}

func (c checker) post(
	ctx context.Context,
	address string,
	form url.Values,
	sign func(*http.Request),
) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sign(request)
	return c.do(request)
}

func (c checker) do(request *http.Request) (int, []byte, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return response.StatusCode, body, err
}

// plainly is an error without the address, which the message around it has already.
func plainly(err error) string {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err.Error()
	}
	return err.Error()
}
