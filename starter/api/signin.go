package api

import (
	"context"
	"net/http"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/workflows/contract"
)

// SignIn tells programs where people get tokens for this API: RFC 9728's metadata, and which client to ask as.
type SignIn struct {
	Resource             string   `json:"resource" doc:"Where people reach this API"`
	AuthorizationServers []string `json:"authorization_servers" nullable:"false" doc:"The issuer of the OpenID Connect provider"`
	BearerMethods        []string `json:"bearer_methods_supported" nullable:"false" doc:"Always header"`
	ClientID             string   `json:"curfew_client_id" doc:"The public client of the device authorization flow"`
	Scopes               []string `json:"curfew_scopes" nullable:"false" doc:"What to ask the provider for"`
}

type signInOutput struct{ Body SignIn }

func (s *server) signIn() {
	register(s, public(operation(http.MethodGet, "/.well-known/oauth-protected-resource", "signIn",
		"Show where people get tokens for this API")), s.whereToSignIn)
}

func (s *server) whereToSignIn(_ context.Context, by *call, _ *struct{}) (*signInOutput, error) {
	configured := by.starter.Config()
	provider := configured.OIDC
	if provider == nil {
		return nil, contract.NotFound("people can't sign in here: no provider is configured").
			Advise("use a token that an administrator gave you")
	}
	return &signInOutput{signInAt(configured.Server.URL, *provider)}, nil
}

func signInAt(url string, provider people.OIDC) SignIn {
	return SignIn{
		Resource: url, AuthorizationServers: []string{provider.Issuer}, BearerMethods: []string{"header"},
		ClientID: provider.CLIClientID, Scopes: identity.ScopesToAsk(),
	}
}
