package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"curfew/internal/exactjson"
	"curfew/workflows/contract"
)

// skew is how far the provider's clock may be ahead of ours.
const skew = time.Minute

// claims are what a verified token says.
type claims struct {
	Subject         string         `json:"sub"`
	Nonce           string         `json:"nonce"`
	AuthorizedParty string         `json:"azp"`
	ClientID        string         `json:"client_id"`
	Events          map[string]any `json:"events"`

	all    map[string]any
	issued time.Time
}

// attempt remembers why a token was refused, which the verifier returns only in words.
type attempt struct {
	keys  oidc.KeySet
	shape func(payload []byte) error
	err   error // the signature could not be checked, or is wrong

	signed bool  // the signature is right
	bad    error // and the claims are not
}

// VerifySignature checks the signature with the provider's keys, and what is signed.
func (a *attempt) VerifySignature(ctx context.Context, token string) (payload []byte, err error) {
	if payload, a.err = a.keys.VerifySignature(ctx, token); a.err != nil {
		return nil, a.err
	}
	a.signed, a.bad = true, a.shape(payload)
	return payload, a.bad
}

// verify checks everything about a token but whose it is: its kind, signature, issuer, times, and for whom and by whom
// it was made.
func (p *Provider) verify(ctx context.Context, raw string) (*claims, error) {
	const again = "sign in again with curfew login"
	if !isAboutACaller(raw) {
		return nil, unproven(contract.Forbidden("the token is of a kind that doesn't say who is calling").Advise(again))
	}
	found, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	attempt := &attempt{keys: found.keys, shape: p.checkShape}
	verified, err := oidc.NewVerifier(p.settings.Issuer, attempt, &oidc.Config{
		SupportedSigningAlgs: algorithms, SkipClientIDCheck: true, SkipIssuerCheck: true, Now: p.now,
	}).Verify(ctx, raw)
	var expired *oidc.TokenExpiredError
	var unreachable *url.Error
	switch {
	case attempt.bad != nil:
		return nil, attempt.bad
	case errors.As(err, &expired):
		return nil, unproven(contract.Forbidden("the token has expired").Advise(again))
	case errors.As(attempt.err, &unreachable) && !errors.Is(attempt.err, errTooOften), ctx.Err() != nil:
		return nil, p.unavailable()
	case err != nil && attempt.signed:
		return nil, unproven(contract.Forbidden("the token's claims can't be understood").Advise(again))
	case err != nil:
		return nil, unproven(
			contract.Forbidden("the token is not signed by %s with one of %s", p.settings.Issuer, strings.Join(algorithms, ", ")).
				Advise(again),
		)
	case verified.Issuer != p.settings.Issuer:
		return nil, unproven(
			contract.Forbidden("the token does not say which provider has issued it, and so may be of another provider than %s", p.settings.Issuer).
				Advise(again),
		)
	}
	said := &claims{}
	var text json.RawMessage
	err = verified.Claims(&text)
	if err == nil {
		err = errors.Join(exactjson.Unmarshal(text, said), exactjson.Unmarshal(text, &said.all))
	}
	if err != nil {
		return nil, unproven(contract.Forbidden("the token's claims can't be understood").Advise(again))
	}
	said.issued = verified.IssuedAt
	return said, p.checkUse(verified, said)
}

// checkUse holds that a token is for Curfew, of its time, and made for a client that is known.
func (p *Provider) checkUse(verified *oidc.IDToken, said *claims) error {
	const ask = "have an administrator look at oidc.audiences and oidc.clients"
	settings := p.settings
	known := []string{settings.ClientID, settings.CLIClientID}
	forUs := slices.Concat(known, settings.Audiences)
	clients := slices.Concat(known, settings.Clients)
	if !slices.ContainsFunc(verified.Audience, func(audience string) bool { return slices.Contains(forUs, audience) }) {
		return unproven(contract.Forbidden("the token was not made for Curfew").Advise(ask))
	}
	for _, client := range []string{said.AuthorizedParty, said.ClientID} {
		if client != "" && !slices.Contains(clients, client) {
			return unproven(contract.Forbidden("the token was made for a client that is not known here").Advise(ask))
		}
	}
	latest := p.now().Add(skew)
	switch {
	case len(verified.Audience) > 1 && said.AuthorizedParty == "" && said.ClientID == "":
		return unproven(
			contract.Forbidden("the token is for several, and doesn't say which client had it made").Advise(ask),
		)
	case said.Subject == "":
		return unproven(contract.Forbidden("the token names no subject").Advise(ask))
	case said.Events != nil:
		return unproven(contract.Forbidden("the token tells of an event, and doesn't say who is calling").Advise(ask))
	case verified.IssuedAt.After(latest):
		return unproven(
			contract.Forbidden("the token's time has not come yet: it was issued at %s, and here it is %s", clock(verified.IssuedAt), clock(p.now())).
				Advise("try again; if it stays so, set the clocks of Curfew's server and of the provider (NTP)"),
		)
	}
	return nil
}

// isAboutACaller distinguishes ID and access tokens from others that a provider signs with the same keys, such as
// notices of a sign-out.
func isAboutACaller(raw string) bool {
	encoded, _, _ := strings.Cut(raw, ".")
	text, err := base64.RawURLEncoding.DecodeString(encoded)
	var header struct {
		Type string `json:"typ"`
	}
	if err != nil || exactjson.UnmarshalLoose(text, &header) != nil {
		return false
	}
	kind := strings.TrimPrefix(strings.ToLower(header.Type), "application/")
	return kind == "" || kind == "jwt" || kind == "at+jwt"
}
