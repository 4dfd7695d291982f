package oidc

import (
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

type (
	grant  = oidc.GrantType
	method = oidc.AuthMethod
)

// client is a client whose tokens say what tokens of many providers do.
type client struct {
	*storage.Client
	grants []grant
	format op.AccessTokenType
	method method
}

// webClient signs browsers in.
func webClient(redirect string) *client {
	return &client{
		Client: storage.WebClient(WebClient, WebSecret, redirect),
		grants: []grant{oidc.GrantTypeCode}, method: oidc.AuthMethodBasic,
	}
}

// cliClient is public and asks for device codes.
func cliClient() *client {
	return &client{
		Client: storage.NativeClient(CLIClient),
		grants: []grant{oidc.GrantTypeDeviceCode, oidc.GrantTypeRefreshToken}, method: oidc.AuthMethodNone,
	}
}

// machineClient acts for itself.
func machineClient() *client {
	return &client{
		Client: storage.WebClient(Machine, MachineSecret),
		grants: []grant{oidc.GrantTypeClientCredentials}, format: op.AccessTokenTypeJWT, method: oidc.AuthMethodBasic,
	}
}

// GrantTypes are those that the client was made for.
func (c *client) GrantTypes() []oidc.GrantType { return c.grants }

// AccessTokenType is opaque, or a JWT.
func (c *client) AccessTokenType() op.AccessTokenType { return c.format }

// AuthMethod is how the client shows who it is.
func (c *client) AuthMethod() oidc.AuthMethod { return c.method }

// IDTokenUserinfoClaimsAssertion puts e-mail addresses into ID tokens.
func (c *client) IDTokenUserinfoClaimsAssertion() bool { return true }

// IDTokenLifetime is how long ID tokens count.
func (c *client) IDTokenLifetime() time.Duration { return time.Hour }

// IsScopeAllowed is about scopes that are not OpenID Connect's own.
func (c *client) IsScopeAllowed(string) bool { return true }
