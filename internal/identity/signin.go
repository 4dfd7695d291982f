package identity

import (
	"context"
	"errors"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"curfew/internal/people"
	"curfew/workflows/contract"
)

// SignIn is one sign-in of a browser at the provider. Its secrets tie the provider's answer to it.
type SignIn struct {
	State    string // comes back with the answer
	Nonce    string // comes back in the token
	Verifier string // shows that whoever redeems the code has asked for it
	Redirect string // where the browser comes back to
}

// NewSignIn begins a sign-in whose answer goes to an address.
func NewSignIn(redirect string) SignIn {
	return SignIn{State: NewSecret(), Nonce: NewSecret(), Verifier: oauth2.GenerateVerifier(), Redirect: redirect}
}

// Address is where to send the browser. The error is a *contract.Problem: the provider can't be asked.
func (p *Provider) Address(ctx context.Context, signIn SignIn) (string, error) {
	client, err := p.client(ctx, signIn)
	if err != nil {
		return "", err
	}
	return client.AuthCodeURL(signIn.State, oidc.Nonce(signIn.Nonce), oauth2.S256ChallengeOption(signIn.Verifier)), nil
}

// Redeem turns the code of the provider's answer into who signed in, as a person of a directory. Errors are those of Authenticate.
func (p *Provider) Redeem(
	ctx context.Context, directory *people.Directory, signIn SignIn, code string,
) (Caller, error) {
	client, err := p.client(ctx, signIn)
	if err != nil {
		return Caller{}, err
	}
	token, err := client.Exchange(oidc.ClientContext(ctx, p.http), code, oauth2.VerifierOption(signIn.Verifier))
	var refusal *oauth2.RetrieveError
	switch {
	case errors.As(err, &refusal) && refusal.ErrorCode == "invalid_client":
		return Caller{}, contract.Internal("the provider refuses Curfew itself").
			Advise("have an administrator look at oidc.clientId and oidc.clientSecret")
	case errors.As(err, &refusal):
		return Caller{}, unproven(
			contract.Forbidden("the provider doesn't take its answer for one to this sign-in").Advise("sign in again"),
		)
	case err != nil:
		return Caller{}, p.unavailable()
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return Caller{}, unproven(
			contract.Forbidden("the provider gave no ID token").
				Advise("have an administrator of the provider allow the scope openid"),
		)
	}
	return p.recognize(ctx, directory, raw, signIn.Nonce)
}

func (p *Provider) client(ctx context.Context, signIn SignIn) (*oauth2.Config, error) {
	found, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	return &oauth2.Config{
		ClientID: p.settings.ClientID, ClientSecret: p.settings.ClientSecret.Reveal(),
		Endpoint: found.provider.Endpoint(), RedirectURL: signIn.Redirect, Scopes: ScopesToAsk(),
	}, nil
}

// ScopesToAsk are the scopes that a sign-in asks the provider for.
func ScopesToAsk() []string { return []string{oidc.ScopeOpenID, oidc.ScopeProfile, people.ClaimEmail} }
