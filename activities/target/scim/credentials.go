package scim

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// bearer has the token that calls carry.
type bearer interface {
	token(ctx context.Context) (string, error)
	// refused is told when the service did not take the token.
	refused()
}

// fixed is a token that somebody else keeps valid.
type fixed struct{ secret config.Secret }

func (f fixed) token(context.Context) (string, error) { return f.secret.Reveal(), nil }

func (fixed) refused() {}

// OAuth gets a bearer token with the client credentials of RFC 6749.
type OAuth struct {
	TokenURL     string        `yaml:"tokenUrl" required:"write where the service gives out tokens, like https://login.example.com/token" doc:"The address where tokens are given out."`
	ClientID     string        `yaml:"clientId" required:"write the client's id" doc:"The id of Curfew's client."`
	ClientSecret config.Secret `yaml:"clientSecret" required:"refer to the client's secret" doc:"The secret of Curfew's client."`
	Scopes       []string      `yaml:"scopes" doc:"The scopes that Curfew requests; most services need none."`
}

func (o *OAuth) validate() error {
	_, err := addressOf(
		"oauth.tokenUrl",
		o.TokenURL,
		"write where the service gives out tokens, like https://login.example.com/token",
	)
	return err
}

func (o *OAuth) open(client *http.Client) bearer {
	return &granted{client: client, config: &clientcredentials.Config{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret.Reveal(), TokenURL: o.TokenURL, Scopes: o.Scopes,
	}}
}

// granted is a token that is asked for when it is needed, and kept until it expires or is refused.
type granted struct {
	config *clientcredentials.Config
	client *http.Client
	kept   atomic.Pointer[oauth2.Token]
}

func (g *granted) token(ctx context.Context) (string, error) {
	if kept := g.kept.Load(); kept.Valid() {
		return kept.AccessToken, nil
	}
	fresh, err := g.config.Token(context.WithValue(ctx, oauth2.HTTPClient, g.client))
	if err != nil {
		return "", g.unavailable(err)
	}
	g.kept.Store(fresh)
	return fresh.AccessToken, nil
}

func (g *granted) refused() { g.kept.Store(nil) }

// unavailable tells the status and the code of RFC 6749 alone: what else stands in the answer may be a token.
func (g *granted) unavailable(err error) error {
	fix := "check the target's oauth: tokenUrl, clientId, clientSecret and scopes"
	var (
		refused  *oauth2.RetrieveError
		unheard  *url.Error
		happened = "the answer holds none"
	)
	switch {
	case errors.As(err, &unheard):
		happened = outbound.Clip(unheard.Err.Error())
	case errors.As(err, &refused) && refused.Response != nil:
		happened = strings.TrimSpace(strconv.Itoa(refused.Response.StatusCode) + " " + outbound.Clip(refused.ErrorCode))
	}
	return contract.Unavailable("no token could be had at the target's oauth.tokenUrl: %s", happened).Advise(fix)
}
