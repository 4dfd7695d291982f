package keepalive_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/keepalive"
	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/proxy"
)

// callTimeout is far longer than a call takes, and than a ping that fails.
const callTimeout = 5 * time.Second

// world is a client whose connections to a server lead through a proxy.
type world struct {
	line   *proxy.Proxy
	client *http.Client
	url    string
}

func newWorld(t *testing.T, http2 bool) *world {
	t.Helper()
	var gather sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/together" {
			gather.Done()
			gather.Wait()
		}
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = http2
	server.StartTLS()
	t.Cleanup(server.Close)
	w := &world{line: proxy.Start(t, server.Listener.Addr().String())}
	transport := keepalive.Transport()
	transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	w.client = &http.Client{Timeout: callTimeout, Transport: keepalive.Forgetful(transport)}
	w.url = "https://" + w.line.Address()
	const many = 8 // at once, so that HTTP/1.1 keeps as many connections
	gather.Add(many)
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			if err := w.call(t.Context(), "/together"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return w
}

func (w *world) call(ctx context.Context, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, http.NoBody)
	if err != nil {
		return err
	}
	response, err := w.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body) // or the connection would not be kept
	return err
}

func TestConnectionsThatTheNetworkHasForgottenCostOneCall(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, http2)
			w.line.Forget()
			began := time.Now()
			for w.call(t.Context(), "/") != nil {
				require.Less(t, time.Since(began), pace.Patience())
			}
			pace.OnTime(t, "the call", time.Since(began), 2*callTimeout-time.Second)
		})
	}
}

func TestPingIsAnsweredSoonOverForgottenConnectionsAndTellsAServerThatCanNotBeReached(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, http2)
			ask := func(ctx context.Context) error { return w.call(ctx, "/") }
			w.line.Forget()
			began := time.Now()
			require.NoError(t, keepalive.Ping(t.Context(), ask))
			pace.OnTime(t, "the ping", time.Since(began), callTimeout)
			w.line.Cut()
			require.Error(t, keepalive.Ping(t.Context(), ask))
			w.line.Mend()
			require.NoError(t, keepalive.Ping(t.Context(), ask))
		})
	}
}
