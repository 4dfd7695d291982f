package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// renewBefore is how long before its end a token is renewed, so that it lasts for the call that it is sent with.
const renewBefore = time.Minute

func (p *program) loginCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "login",
		Short: "Sign in with a browser, on this or another device",
		Long: `Sign in with a browser, on this or another device.

curfew stores your tokens for this server in $` + loginsEnv + ` or in your user's configuration folder, readable only by you, and renews
them as long as your provider allows. $CURFEW_TOKEN and --token-file take precedence.`,
		Example: "  curfew login --server https://curfew.example.com",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return p.signIn(c.Context()) },
	}
}

func (p *program) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "logout",
		Short:   "Delete the tokens of curfew login for this server",
		Example: "  curfew logout",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			logins, err := p.logins()
			if err != nil {
				return err
			}
			if err := logins.forget(p.serverAddress()); err != nil {
				return err
			}
			return p.say("signed out of " + p.serverAddress())
		},
	}
}

// signIn keeps tokens only of people whom the server knows.
func (p *program) signIn(ctx context.Context) error {
	logins, err := p.logins()
	if err != nil {
		return err
	}
	anybody, err := client.New(client.Options{Server: p.serverAddress(), Version: version()})
	if err != nil {
		return err
	}
	where, err := anybody.SignIn(ctx)
	if err != nil {
		return err
	}
	got, err := p.askForTokens(ctx, where.Value)
	if err != nil {
		return err
	}
	somebody, err := client.New(
		client.Options{Server: p.serverAddress(), Token: config.SecretOf(got.IDToken), Version: version()},
	)
	if err != nil {
		return err
	}
	me, err := somebody.Me(ctx)
	if err != nil {
		return err
	}
	if err := logins.keep(p.serverAddress(), got); err != nil {
		return err
	}
	return answer(p, me, nil, func(page *page, me starter.Me) { page.row("signed in as " + me.ID) })
}

// askForTokens is the device authorization flow of RFC 8628.
func (p *program) askForTokens(ctx context.Context, where api.SignIn) (login, error) {
	if len(where.AuthorizationServers) != 1 {
		return login{}, contract.Invalid("it names no provider to sign in at").
			At("server").
			Advise("check that this is where Curfew is")
	}
	provider, err := providerOf(ctx, where.AuthorizationServers[0], where.ClientID, where.Scopes)
	if err != nil {
		return login{}, err
	}
	if provider.client.Endpoint.DeviceAuthURL == "" {
		return login{}, contract.Invalid("its provider %s has no sign-in for devices", provider.issuer).
			At("server").
			Advise("use a token that an administrator gave you, in $" + tokenEnv)
	}
	device, err := provider.client.DeviceAuth(provider.context(ctx))
	if err != nil {
		return login{}, provider.refused(err)
	}
	if err := p.sayWhere(device); err != nil {
		return login{}, err
	}
	token, err := provider.client.DeviceAccessToken(provider.context(ctx), device)
	if err != nil {
		return login{}, provider.refused(err)
	}
	return provider.login(ctx, token)
}

// sayWhere tells people on stderr, so that stdout has only the answer.
func (p *program) sayWhere(device *oauth2.DeviceAuthResponse) error {
	text := fmt.Sprintf("Open %s and type the code %s\n", printable(device.VerificationURI), printable(device.UserCode))
	if device.VerificationURIComplete != "" {
		text += fmt.Sprintf("or open %s\n", printable(device.VerificationURIComplete))
	}
	if _, err := io.WriteString(p.stderr, text); err != nil {
		return fmt.Errorf("say where to sign in: %w", err)
	}
	return nil
}

func (p *program) say(line string) error {
	if p.output == outputJSON {
		return p.object(map[string]string{"done": line})
	}
	page := newPage()
	page.row(line)
	return page.print(p.stdout)
}

// loginToken is the token of an earlier sign-in, renewed if it is about to end.
func (p *program) loginToken(ctx context.Context) (config.Secret, error) {
	logins, err := p.logins()
	if err != nil {
		return config.Secret{}, err
	}
	kept, err := logins.renewed(p.serverAddress(), func(old login) (login, error) {
		if p.now().Add(renewBefore).Before(old.Ends) {
			return old, nil
		}
		if old.RefreshToken == "" {
			return login{}, contract.Invalid("your sign-in has ended").
				At("token").
				Advise("sign in again with curfew login")
		}
		return renew(ctx, old)
	})
	return config.SecretOf(kept.IDToken), err
}

// renew gets new tokens for a sign-in.
func renew(ctx context.Context, old login) (login, error) {
	provider, err := providerOf(ctx, old.Issuer, old.ClientID, nil)
	if err != nil {
		return login{}, err
	}
	token, err := provider.client.TokenSource(provider.context(ctx), &oauth2.Token{RefreshToken: old.RefreshToken}).
		Token()
	if err != nil {
		return login{}, provider.refused(err)
	}
	return provider.login(ctx, token)
}

// provider is where the server's people sign in, as seen from here.
type provider struct {
	issuer string
	http   *http.Client
	oidc   *oidc.Provider
	client oauth2.Config
}

func providerOf(ctx context.Context, issuer, clientID string, scopes []string) (*provider, error) {
	p := &provider{issuer: issuer, http: identity.Client()}
	var err error
	if p.oidc, err = oidc.NewProvider(p.context(ctx), issuer); err != nil {
		return nil, p.refused(err)
	}
	p.client = oauth2.Config{
		ClientID: clientID,
		Endpoint: p.oidc.Endpoint(),
		Scopes:   append(scopes, oidc.ScopeOfflineAccess),
	}
	p.client.Endpoint.AuthStyle = oauth2.AuthStyleInParams // a public client has no secret to send in a header
	return p, nil
}

func (p *provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.http)
}

// login is what to keep of the provider's answer. The ID token is the one that is made for Curfew.
func (p *provider) login(ctx context.Context, token *oauth2.Token) (login, error) {
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return login{}, contract.Invalid("%s gave no ID token", p.issuer).
			At("token").
			Advise("sign in again with curfew login, or ask an administrator of the provider")
	}
	verified, err := p.oidc.Verifier(&oidc.Config{ClientID: p.client.ClientID}).Verify(p.context(ctx), raw)
	if err != nil {
		return login{}, contract.Invalid("%s gave an ID token that is not right: %v", p.issuer, err).
			At("token").
			Advise("have an administrator look at oidc in the server's configuration")
	}
	return login{
		Issuer:       p.issuer,
		ClientID:     p.client.ClientID,
		IDToken:      raw,
		RefreshToken: token.RefreshToken,
		Ends:         verified.Expiry,
	}, nil
}

// refused is why the provider gave nothing. Its own words may be long, and what it was sent is left out.
func (p *provider) refused(err error) error {
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) && refusal.ErrorCode != "" {
		return contract.Invalid("%s refuses: %s", p.issuer, contract.Shorten(refusal.ErrorCode, 64)).
			At("token").
			Advise("sign in again with curfew login")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return contract.Invalid("nobody has signed in at %s in time", p.issuer).
			At("token").
			Advise("sign in again with curfew login")
	}
	return contract.Unavailable("its provider %s can't be asked", p.issuer).At("server").Advise("try again")
}
