// Package client talks to Curfew's HTTP API. Refusals come back as the *contract.Problem that they were at the server;
// a server that can't be reached is one of the kind Unavailable.
package client

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"curfew/internal/config"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

const (
	// callWithin is longer than the server takes for anything.
	callWithin = 45 * time.Second
	// askTries is how often a request is asked for when the server's reply gets lost.
	askTries   = 3
	retryAfter = 500 * time.Millisecond
)

// Options of a Client.
type Options struct {
	Server string // where the API is: http://127.0.0.1:8300
	Token  config.Secret
	// Renew, if any, is asked for the token before each call, in place of Token.
	Renew   func(context.Context) (config.Secret, error)
	Version string // of the program, for the server to see
	// Trouble, if any, is called once in each outage while a request is followed; the client goes on trying.
	Trouble func(error)
}

// Client calls the API in the name of one person.
type Client struct {
	base  *url.URL
	token func(context.Context) (config.Secret, error)
	agent string
	http  *http.Client
	// answered is true once this is known to be a server of Curfew's.
	answered atomic.Bool
	trouble  func(error)
}

// Answer is what the API answered, understood and as it came.
type Answer[T any] struct {
	Value T
	JSON  []byte
}

// New makes a client. It doesn't call the server yet.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.Server)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, contract.Invalid("it is not a web address").
			At("server").
			Advise("write it like https://curfew.example.com")
	}
	if base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, contract.Invalid("the address has a user, a query or a fragment").
			At("server").
			Advise("write only where the server is")
	}
	token := o.Renew
	if token == nil {
		token = func(context.Context) (config.Secret, error) { return o.Token, nil }
	}
	return &Client{base: base, token: token, agent: "curfew/" + o.Version, trouble: o.Trouble, http: &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: callWithin,
			ForceAttemptHTTP2:     true,
		},
		// Wherever a redirect leads, the token doesn't follow.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Ask asks for access. Without an id in the body it makes one, so that a lost reply doesn't ask twice.
func (c *Client) Ask(ctx context.Context, body api.AskBody) (Answer[contract.Status], error) {
	if body.ID == "" {
		id, err := ulid.New(ulid.Now(), rand.Reader)
		if err != nil {
			return Answer[contract.Status]{}, fmt.Errorf("make an id: %w", err)
		}
		body.ID = id.String()
	}
	for try := 1; ; try++ {
		answer, err := call[contract.Status](ctx, c, http.MethodPost, "/v1/requests", body)
		if problem, ok := contract.ProblemOf(err); !ok || problem.Kind != contract.KindUnavailable || try == askTries {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(retryAfter):
		}
	}
}

// Show returns a request.
func (c *Client) Show(ctx context.Context, id string) (Answer[contract.Status], error) {
	return call[contract.Status](ctx, c, http.MethodGet, on(id), nil)
}

// ReviewSubject returns what is to be reviewed of a request, with its digest.
func (c *Client) ReviewSubject(ctx context.Context, id string) (Answer[api.ReviewSubject], error) {
	return call[api.ReviewSubject](ctx, c, http.MethodGet, on(id, "review-subject"), nil)
}

// Review approves or denies a request, or the extension that it waits for.
func (c *Client) Review(ctx context.Context, id string, body api.ReviewBody) (Answer[contract.Status], error) {
	return call[contract.Status](ctx, c, http.MethodPost, on(id, "reviews"), body)
}

// Extend asks for a later end.
func (c *Client) Extend(ctx context.Context, id string, body api.ExtensionBody) (Answer[contract.Status], error) {
	return call[contract.Status](ctx, c, http.MethodPost, on(id, "extensions"), body)
}

// Revoke ends access early.
func (c *Client) Revoke(ctx context.Context, id string, body api.RevocationBody) (Answer[contract.Status], error) {
	return call[contract.Status](ctx, c, http.MethodPost, on(id, "revocation"), body)
}

// Cancel takes a request back.
func (c *Client) Cancel(ctx context.Context, id string, body api.CancellationBody) (Answer[contract.Status], error) {
	return call[contract.Status](ctx, c, http.MethodPost, on(id, "cancellation"), body)
}

// Events returns what happened to a request so far.
func (c *Client) Events(ctx context.Context, id string) (Answer[api.Events], error) {
	return call[api.Events](ctx, c, http.MethodGet, on(id, "events"), nil)
}

// Decisions lists what was decided about a request, oldest first.
func (c *Client) Decisions(ctx context.Context, id string) (Answer[api.Decisions], error) {
	return call[api.Decisions](ctx, c, http.MethodGet, on(id, "decisions"), nil)
}

// Certify has a certificate made to use active access with.
func (c *Client) Certify(
	ctx context.Context,
	id string,
	body api.CertificateBody,
) (Answer[contract.Certificate], error) {
	return call[contract.Certificate](ctx, c, http.MethodPost, on(id, "certificates"), body)
}

// Templates returns what can be asked for.
func (c *Client) Templates(ctx context.Context) (Answer[api.Templates], error) {
	return call[api.Templates](ctx, c, http.MethodGet, "/v1/templates", nil)
}

// Me returns who the token stands for.
func (c *Client) Me(ctx context.Context) (Answer[starter.Me], error) {
	return call[starter.Me](ctx, c, http.MethodGet, "/v1/me", nil)
}

// SignIn returns where people get tokens for the API. It needs none.
func (c *Client) SignIn(ctx context.Context) (Answer[api.SignIn], error) {
	return call[api.SignIn](ctx, c, http.MethodGet, "/.well-known/oauth-protected-resource", nil)
}

// Filter narrows a list. Empty fields don't.
type Filter struct {
	State    contract.State
	Template string
	Ticket   string
	Stuck    bool
	Mine     bool // asked for by the caller, or for the caller
	ToReview bool // the caller may review it
	Before   string
	Limit    int // 0 leaves it to the server
}

// List returns requests, newest first.
func (c *Client) List(ctx context.Context, filter Filter) (Answer[api.Page], error) {
	query := url.Values{}
	for name, value := range map[string]string{
		"state": string(filter.State), "template": filter.Template, "ticket": filter.Ticket, "before": filter.Before,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, value := range map[string]bool{"stuck": filter.Stuck, "mine": filter.Mine, "toReview": filter.ToReview} {
		if value {
			query.Set(name, "true")
		}
	}
	if filter.Limit != 0 {
		query.Set("limit", strconv.Itoa(filter.Limit))
	}
	return call[api.Page](ctx, c, http.MethodGet, "/v1/requests?"+query.Encode(), nil)
}

func on(id string, rest ...string) string {
	return strings.Join(append([]string{"/v1/requests", url.PathEscape(id)}, rest...), "/")
}
