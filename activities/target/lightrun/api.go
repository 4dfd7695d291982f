package lightrun

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/internal/keepalive"
	"curfew/workflows/contract"
)

const (
	// callTimeout bounds one call, its answer included.
	callTimeout = target.CallTimeout
	maxAnswer   = 4 << 20  // in bytes
	maxHeader   = 64 << 10 // in bytes
)

// api calls Lightrun's API.
type api struct {
	base   *url.URL
	token  config.Secret
	scope  scope // that the token needs
	client *http.Client
}

func newAPI(base *url.URL, token config.Secret, needed scope) *api {
	transport := keepalive.Transport()
	transport.MaxResponseHeaderBytes = maxHeader
	return &api{base: base, token: token, scope: needed, client: &http.Client{
		Timeout: callTimeout, Transport: keepalive.Forgetful(transport),
		// The API key goes to nobody else, and a redirected POST would arrive as a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// ping asks for the shortest list there is. Whatever Lightrun says of it, it answers.
func (a *api) ping(ctx context.Context, of collection) error {
	query := url.Values{"page": {"0"}, "size": {"1"}}
	return keepalive.Ping(ctx, func(ctx context.Context) error {
		_, err := a.call(ctx, http.MethodGet, of.path, query, nil)
		return err
	})
}

// String names the server in errors.
func (a *api) String() string { return "Lightrun at " + a.base.Host }

// answer is a whole answer, of whatever status.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends one request; a nil content sends no body, and what comes from outside is escaped in the path. It returns an error only when there is no whole answer.
func (a *api) call(ctx context.Context, method, path string, query url.Values, content any) (answer, error) {
	where := a.base.JoinPath(path)
	where.RawQuery = query.Encode()
	request, err := a.request(ctx, method, where, content)
	if err != nil {
		return answer{}, err
	}
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
	return answer{response.StatusCode, response.Header, body}, nil
}

func (a *api) request(ctx context.Context, method string, where *url.URL, content any) (*http.Request, error) {
	var body io.Reader
	if content != nil {
		text, err := json.Marshal(content)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, where.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+a.token.Reveal())
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "curfew")
	if content != nil {
		request.Header.Set("Content-Type", "application/json")
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

// strange is about an answer that the API does not give; a proxy or a sign-in page may stand in its place.
func (a *api) strange(fault string, args ...any) error {
	return contract.Problemf(contract.KindUnavailable, "", "see that the target's url leads to Lightrun itself",
		"%s answered as its API does not: %s", a, fmt.Sprintf(fault, args...))
}
