package servicenow

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// credentials say in a request who we are.
type credentials interface {
	sign(request *http.Request) error
	// renew is called when they were not accepted. It is true when others may be.
	renew() bool
}

func credentialsOf(settings Settings, s *System) credentials {
	if settings.ClientID == "" {
		return password{settings.User, settings.Password}
	}
	return &client{system: s, config: &clientcredentials.Config{
		ClientID: settings.ClientID, ClientSecret: settings.ClientSecret.Reveal(),
		TokenURL: s.api.Base + "/oauth_token.do", AuthStyle: oauth2.AuthStyleInParams,
	}}
}

// password is a user's.
type password struct {
	user   string
	secret config.Secret
}

func (p password) sign(request *http.Request) error {
	request.SetBasicAuth(p.user, p.secret.Reveal())
	return nil
}

func (password) renew() bool { return false }

// client is an OAuth client, whose token is kept until it expires or is not accepted.
type client struct {
	system *System
	config *clientcredentials.Config
	kept   atomic.Pointer[oauth2.Token]
}

func (c *client) sign(request *http.Request) error {
	token := c.kept.Load()
	if !token.Valid() {
		ctx := request.Context()
		fresh, err := c.config.Token(context.WithValue(ctx, oauth2.HTTPClient, c.system.api.Client))
		if err != nil {
			return c.refused(ctx, err)
		}
		token = fresh
		c.kept.Store(token)
	}
	request.Header.Set("Authorization", "Bearer "+token.AccessToken)
	return nil
}

// renew forgets the token: an administrator may have revoked it.
func (c *client) renew() bool { return c.kept.Swap(nil) != nil }

// refused repeats only the status and the code of RFC 6749: what else stands in the answer may be a token.
func (c *client) refused(ctx context.Context, err error) error {
	var told *oauth2.RetrieveError
	if !errors.As(err, &told) || told.Response == nil {
		return c.system.api.Unreachable(ctx, err)
	}
	if answer := (outbound.Answer{Status: told.Response.StatusCode, Header: told.Response.Header}); answer.Passes() {
		return c.system.refusal(answer)
	}
	return contract.Unavailable("%s gave no token: %d %.60q", c.system.api, told.Response.StatusCode, told.ErrorCode).
		Advise("see that incidents.servicenow.clientId and clientSecret are those of an active OAuth client with the grant of client credentials")
}
