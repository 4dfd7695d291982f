package kubernetes

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"curfew/internal/keepalive"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const maxAnswer = 8 << 20 // in bytes

// cluster calls the API server of one cluster.
type cluster struct{ outbound.API }

func newCluster(access *rest.Config) (*cluster, error) {
	base, err := checkURL("", access.Host)
	if err != nil {
		return nil, err
	}
	client := outbound.NewClient()
	if client.Transport, err = transportOf(access); err != nil {
		return nil, contract.Invalid("%s", outbound.Clip(err.Error())).
			Advise("check the credentials and certificates that the settings lead to")
	}
	return &cluster{
		outbound.API{
			Peer: outbound.Peer{
				Name:  "Kubernetes",
				Host:  base.Host,
				Leads: "the target's settings lead to the API server itself",
			},
			Base:   strings.TrimRight(base.String(), "/"),
			Limit:  maxAnswer,
			Client: client,
		},
	}, nil
}

// transportOf connects and signs as a kubeconfig says.
func transportOf(access *rest.Config) (http.RoundTripper, error) {
	verified, err := rest.TLSConfigFor(access)
	if err != nil {
		return nil, err
	}
	connections := outbound.Transport()
	connections.TLSClientConfig = verified
	if access.Proxy != nil {
		connections.Proxy = access.Proxy
	}
	return rest.HTTPWrappersForConfig(access, keepalive.Forgetful(connections))
}

// call is one call of the API.
type call struct {
	method string
	path   []string
	query  url.Values
	// content is sent as JSON, which is YAML too; nil sends no body.
	content     any
	contentType string
}

// answer is a whole answer, of whatever status.
type answer struct{ outbound.Answer }

func (a answer) ok() bool { return a.Status == http.StatusOK || a.Status == http.StatusCreated }

// do makes a call. It returns an error only when there is no whole answer.
func (c *cluster) do(ctx context.Context, call call) (answer, error) {
	query := url.Values{"timeout": {serverTimeout.String()}}
	for name, values := range call.query {
		query[name] = values
	}
	made := outbound.Call{Method: call.method, Query: query, Send: call.content}
	for _, step := range call.path {
		made.Path += "/" + url.PathEscape(step)
	}
	if call.contentType != "" {
		made.Header = http.Header{"Content-Type": {call.contentType}}
	}
	got, err := c.Do(ctx, made)
	return answer{got}, err
}

// decode reads an answer that is a success. It must be of the kind that was asked for: some other answer would read as
// if nothing were there.
func (c *cluster) decode(answer answer, kind string, into any) error {
	var told metav1.TypeMeta
	err := json.Unmarshal(answer.Body, &told)
	if err == nil && told.Kind != kind {
		return c.Strange("%q in place of a %s", outbound.Clip(told.Kind), kind)
	}
	if err == nil {
		err = json.Unmarshal(answer.Body, into)
	}
	if err != nil {
		return c.Strange("%s", outbound.Clip(err.Error()))
	}
	return nil
}
