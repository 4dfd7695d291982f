package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"

	"curfew/internal/keepalive"
	"curfew/workflows/contract"
)

const maxAnswer = 8 << 20 // in bytes

// cluster calls the API server of one cluster.
type cluster struct {
	base   *url.URL
	access *rest.Config
	client atomic.Pointer[http.Client]
}

func newCluster(access *rest.Config) (*cluster, error) {
	base, err := checkURL("", access.Host)
	if err != nil {
		return nil, err
	}
	access.UserAgent, access.Timeout, access.Dial = "curfew", callTimeout, keepalive.Dialer().DialContext
	c := &cluster{base: base, access: access}
	client, err := c.connect()
	if err != nil {
		return nil, contract.Problemf(contract.KindInvalid, "", "check the credentials and certificates that the settings lead to", "%s", clip(err.Error()))
	}
	c.client.Store(client)
	return c, nil
}

// connect makes a client whose connections are new.
func (c *cluster) connect() (*http.Client, error) {
	client, err := rest.HTTPClientFor(c.access)
	if err != nil {
		return nil, err
	}
	// Credentials go to nobody else, and a redirected PATCH would arrive as a GET.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

// abandon has the next call made over a new connection, after one that got no answer: the old one is used by many calls, and
// would be for a long time after the network has forgotten it. Calls that are under way are left alone.
func (c *cluster) abandon(old *http.Client) {
	if fresh, err := c.connect(); err == nil {
		c.client.CompareAndSwap(old, fresh)
	}
	utilnet.CloseIdleConnectionsFor(old.Transport)
}

// String names the server in errors.
func (c *cluster) String() string { return "Kubernetes at " + c.base.Host }

// call is one call of the API.
type call struct {
	method string
	path   []string // of names that were checked: none has a slash or a percent sign
	query  url.Values
	// content is sent as JSON, which is YAML too; nil sends no body.
	content     any
	contentType string
}

// answer is a whole answer, of whatever status.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) ok() bool { return a.status == http.StatusOK || a.status == http.StatusCreated }

// do makes a call. It returns an error only when there is no whole answer.
func (c *cluster) do(ctx context.Context, call call) (answer, error) {
	request, err := c.request(ctx, call)
	if err != nil {
		return answer{}, err
	}
	client := c.client.Load()
	response, err := client.Do(request)
	if err != nil {
		c.abandon(client)
		return answer{}, c.unreachable(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return answer{}, c.unreachable(err)
	}
	if len(body) > maxAnswer {
		return answer{}, c.strange("its answer is larger than %d MiB", maxAnswer>>20)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

func (c *cluster) request(ctx context.Context, call call) (*http.Request, error) {
	where := c.base.JoinPath(call.path...)
	query := url.Values{"timeout": {serverTimeout.String()}}
	for name, values := range call.query {
		query[name] = values
	}
	where.RawQuery = query.Encode()
	var body io.Reader
	if call.content != nil {
		text, err := json.Marshal(call.content)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, call.method, where.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if call.contentType != "" {
		request.Header.Set("Content-Type", call.contentType)
	}
	return request, nil
}

// decode reads an answer that is a success. It must be of the kind that was asked for: some other answer would read as if
// nothing were there.
func (c *cluster) decode(answer answer, kind string, into any) error {
	var told metav1.TypeMeta
	err := json.Unmarshal(answer.body, &told)
	if err == nil && told.Kind != kind {
		return c.strange("with %q in place of a %s", clip(told.Kind), kind)
	}
	if err == nil {
		err = json.Unmarshal(answer.body, into)
	}
	if err != nil {
		return c.strange("%s", clip(err.Error()))
	}
	return nil
}

func (c *cluster) unreachable(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return contract.Problemf(contract.KindUnavailable, "", "", "%s can't be reached: %s", c, clip(err.Error()))
}

// strange is about an answer that the API does not give; a proxy or a sign-in page may stand in its place.
func (c *cluster) strange(fault string, args ...any) error {
	return contract.Problemf(contract.KindUnavailable, "", "see that the target's settings lead to the API server itself",
		"%s answered as its API does not: %s", c, fmt.Sprintf(fault, args...))
}
