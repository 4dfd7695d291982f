package scim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"curfew/activities/target"
	"curfew/internal/keepalive"
	"curfew/workflows/contract"
)

const (
	// callTimeout bounds one call, its answer included.
	callTimeout = target.CallTimeout
	// maxAnswer is in bytes; a group comes with all its members.
	maxAnswer = 8 << 20
	maxHeader = 64 << 10 // in bytes

	mediaType = "application/scim+json"
)

// api calls one service.
type api struct {
	base   *url.URL
	client *http.Client
	bearer bearer
}

// newClient makes a client that sends credentials to nobody else: it follows no redirects.
func newClient() *http.Client {
	transport := keepalive.Transport()
	transport.MaxResponseHeaderBytes = maxHeader
	return &http.Client{
		Timeout: callTimeout, Transport: keepalive.Forgetful(transport),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// String names the service in errors.
func (a *api) String() string { return "the SCIM service at " + a.base.Host }

// call is one request. A nil content sends no body; an empty version asks for nothing about the resource's state.
type call struct {
	method  string
	path    []string
	query   url.Values
	content any
	version string
}

// answer is a whole answer, of whatever status.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

// do makes a call. It returns an error only when there is no whole answer.
func (a *api) do(ctx context.Context, c call) (answer, error) {
	token, err := a.bearer.token(ctx)
	if err != nil {
		return answer{}, err
	}
	request, err := a.request(ctx, c)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := a.client.Do(request)
	if err != nil {
		return answer{}, a.unreachable(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return answer{}, a.unreachable(err)
	}
	if len(body) > maxAnswer {
		return answer{}, a.strange("its answer is larger than %d MiB", maxAnswer>>20)
	}
	if response.StatusCode == http.StatusUnauthorized {
		a.bearer.refused()
	}
	whole := answer{response.StatusCode, response.Header, body}
	if !whole.ok() {
		// What it says about its refusal is shown to people; it must not show them our token.
		whole.body = bytes.ReplaceAll(body, []byte(token), []byte("(secret)"))
	}
	return whole, nil
}

func (a *api) request(ctx context.Context, c call) (*http.Request, error) {
	var body io.Reader
	if c.content != nil {
		text, err := json.Marshal(c.content)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	steps := make([]string, len(c.path))
	for i, step := range c.path {
		steps[i] = url.PathEscape(step)
	}
	where := a.base.JoinPath(steps...)
	// Some services take a plus sign for what it is, and none takes %20 for anything but a space.
	where.RawQuery = strings.ReplaceAll(c.query.Encode(), "+", "%20")
	request, err := http.NewRequestWithContext(ctx, c.method, where.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Accept", mediaType+", application/json")
	request.Header.Set("User-Agent", "curfew")
	if c.content != nil {
		request.Header.Set("Content-Type", mediaType)
	}
	if c.version != "" {
		request.Header.Set("If-Match", c.version)
	}
	return request, nil
}

func (a *api) unreachable(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return contract.Problemf(contract.KindUnavailable, "", "", "%s can't be reached: %s", a, clip(err.Error()))
}

// strange is about an answer that SCIM does not know; a proxy or a sign-in page may stand in the service's place.
func (a *api) strange(fault string, args ...any) error {
	return contract.Problemf(contract.KindUnavailable, "", "see that the target's url leads to the SCIM API itself",
		"%s answered as no SCIM service does: %s", a, fmt.Sprintf(fault, args...))
}
