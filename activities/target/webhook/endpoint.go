package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"curfew/workflows/contract"
)

const (
	// callTimeout bounds one call, its answer included.
	callTimeout    = 10 * time.Second
	connectTimeout = 5 * time.Second
	maxAnswer      = 64 << 10 // in bytes
	maxHeader      = 16 << 10 // in bytes
)

// endpoint calls the receiver.
type endpoint struct {
	url    *url.URL
	keys   []signer
	client *http.Client
}

func newEndpoint(where *url.URL, keys []signer, guard guard) *endpoint {
	return &endpoint{url: where, keys: keys, client: &http.Client{
		Timeout: callTimeout,
		Transport: &http.Transport{
			// A proxy would choose the addresses in our place.
			Proxy:                  nil,
			DialContext:            (&net.Dialer{Timeout: connectTimeout, Control: guard.control}).DialContext,
			TLSHandshakeTimeout:    connectTimeout,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxHeader,
		},
		// A signed message goes to nobody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// String names the receiver in errors.
func (e *endpoint) String() string { return "the receiver at " + e.url.Host }

// ask sends a message, and reads the answer into a pointer to a struct. Any other answer than a success is an error.
func (e *endpoint) ask(ctx context.Context, asked message, into any) error {
	answer, err := e.call(ctx, asked)
	if err != nil {
		return err
	}
	if answer.status != http.StatusOK {
		return e.refusal(asked, answer)
	}
	if err := json.Unmarshal(answer.body, into); err != nil {
		return e.strange("%s", clip(err.Error()))
	}
	return nil
}

// call sends a message. It returns an error only when there is no whole answer.
func (e *endpoint) call(ctx context.Context, asked message) (answer, error) {
	request, err := e.request(ctx, asked)
	if err != nil {
		return answer{}, err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return answer{}, e.unreachable(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return answer{}, e.unreachable(err)
	}
	if len(body) > maxAnswer {
		return answer{}, e.strange("it is larger than %d KiB", maxAnswer>>10)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

func (e *endpoint) request(ctx context.Context, asked message) (*http.Request, error) {
	body, err := json.Marshal(asked)
	if err != nil {
		return nil, fmt.Errorf("write the message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Accept", "application/json, "+problemType)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "curfew")
	if err := sign(request.Header, e.keys, time.Now(), body); err != nil {
		return nil, err
	}
	return request, nil
}

func (e *endpoint) unreachable(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return contract.Problemf(contract.KindUnavailable, "", "check that it runs, and the target's url and allow",
		"%s can't be reached: %s", e, clip(err.Error()))
}

// strange is about an answer that no receiver gives; something else may stand in its place.
func (e *endpoint) strange(fault string, args ...any) error {
	return contract.Problemf(contract.KindUnavailable, "", "see that the target's url leads to the receiver, and what it answers",
		"%s gave a strange answer: %s", e, fmt.Sprintf(fault, args...))
}
