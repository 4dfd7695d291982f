package scim

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"curfew/internal/outbound"
)

const (
	// maxAnswer is in bytes; a group comes with all its members.
	maxAnswer = 8 << 20

	mediaType = "application/scim+json"
)

// api calls one service.
type api struct {
	outbound.API
	bearer bearer
}

func newAPI(base *url.URL, client *http.Client, bearer bearer) *api {
	return &api{bearer: bearer, API: outbound.API{
		Peer: outbound.Peer{
			Name:  "the SCIM service",
			Host:  base.Host,
			Leads: "the target's url leads to the SCIM API itself",
		},
		Base: strings.TrimRight(
			base.String(),
			"/",
		),
		Media:  mediaType,
		Accept: mediaType + ", application/json",
		Limit:  maxAnswer,
		Client: client,
	}}
}

// call is one request. A nil content sends no body; an empty version asks for nothing about the resource's state.
type call struct {
	method  string
	path    []string
	query   url.Values
	content any
	version string
}

// answer is a whole answer, of whatever status.
type answer struct{ outbound.Answer }

// do makes a call. It returns an error only when there is no whole answer.
func (a *api) do(ctx context.Context, c call) (answer, error) {
	token, err := a.bearer.token(ctx)
	if err != nil {
		return answer{}, err
	}
	made := outbound.Call{
		Method: c.method,
		Query:  c.query,
		Send:   c.content,
		Header: http.Header{"Authorization": {"Bearer " + token}},
	}
	for _, step := range c.path {
		made.Path += "/" + url.PathEscape(step)
	}
	if c.version != "" {
		made.Header.Set("If-Match", c.version)
	}
	got, err := a.Do(ctx, made)
	if err != nil {
		return answer{}, err
	}
	if got.Status == http.StatusUnauthorized {
		a.bearer.refused()
	}
	if !got.OK() {
		// What it says about its refusal is shown to people; it must not show them our token.
		got.Body = bytes.ReplaceAll(got.Body, []byte(token), []byte("(secret)"))
	}
	return answer{got}, nil
}
