package outbound

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"curfew/internal/keepalive"
)

const (
	// mostHeader bounds the header of an answer, in bytes.
	mostHeader = 64 << 10
	// userAgent is who calls, for the logs of others.
	userAgent = "curfew"

	mediaJSON = "application/json"
)

// NewClient makes a client for one system that the configuration names. It follows no redirect: credentials go to that
// system alone, and a redirected POST would arrive as a GET.
func NewClient() *http.Client {
	return &http.Client{
		Timeout: Patience, Transport: keepalive.Forgetful(Transport()),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Transport is what such a client calls by, for an adapter that has its own way to verify the system.
func Transport() *http.Transport {
	transport := keepalive.Transport()
	transport.MaxResponseHeaderBytes = mostHeader
	return transport
}

// API is another system's, which Curfew calls with credentials of its own. What an answer means is for its adapter to
// say.
type API struct {
	Peer
	Base   string // without a slash at its end
	Media  string // of what is sent; JSON when it is empty
	Accept string // JSON when it is empty
	Limit  int64  // of an answer, in bytes
	Client *http.Client
	// Sign puts the credentials into a request; nil where the client does.
	Sign func(*http.Request) error
}

// Call is one request.
type Call struct {
	Method string
	Path   string // below the base, with its first slash; what comes from outside is escaped in it
	Query  url.Values
	Header http.Header // beside the usual ones
	Send   any         // nil for nothing
}

// Do makes a call. It returns an error only when there is no whole answer; then the effect of the call is unknown.
func (a *API) Do(ctx context.Context, call Call) (Answer, error) {
	request, err := a.request(ctx, call)
	if err != nil {
		return Answer{}, err
	}
	answer, err := send(a.Client, request, a.Limit)
	if err != nil {
		return Answer{}, a.Unreachable(ctx, err)
	}
	return answer, nil
}

func (a *API) request(ctx context.Context, call Call) (*http.Request, error) {
	var body io.Reader
	if call.Send != nil {
		text, err := json.Marshal(call.Send)
		if err != nil {
			return nil, fmt.Errorf("write a request to %s: %w", a.Name, err)
		}
		body = bytes.NewReader(text)
	}
	address := a.Base + call.Path
	if len(call.Query) > 0 {
		// Some services take a plus sign for what it is, and none takes %20 for anything but a space.
		address += "?" + strings.ReplaceAll(call.Query.Encode(), "+", "%20")
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, address, body)
	if err != nil {
		return nil, fmt.Errorf("make a request to %s: %w", a.Name, err)
	}
	request.Header.Set("Accept", cmp.Or(a.Accept, mediaJSON))
	request.Header.Set("User-Agent", userAgent)
	if call.Send != nil {
		request.Header.Set("Content-Type", cmp.Or(a.Media, mediaJSON))
	}
	maps.Copy(request.Header, call.Header)
	if a.Sign == nil {
		return request, nil
	}
	return request, a.Sign(request)
}
