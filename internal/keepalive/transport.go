package keepalive

import (
	"net/http"
	"sync/atomic"
	"time"
)

const (
	idleConnections = 16 // to one host
	idleTime        = time.Minute

	// A connection of HTTP/2 carries many calls. It is asked whether it lives when it was silent for a while, and
	// closed when it does not answer, so that they don't all wait for their own bounds.
	silence  = 2 * time.Second
	patience = time.Second
)

// Transport keeps connections for the next call.
func Transport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         Dialer().DialContext,
		TLSHandshakeTimeout: ConnectTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     idleTime,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: patience},
	}
}

// Forgetful calls by a transport until a call gets no answer. Then the next one goes by another transport like it, over
// a new connection: those that nobody uses are as old as the one that failed, and one of HTTP/2 is used on while it is
// dead. Calls that are under way are left alone.
func Forgetful(transport *http.Transport) http.RoundTripper {
	f := &forgetful{}
	f.now.Store(transport)
	return f
}

type forgetful struct {
	now atomic.Pointer[http.Transport]
}

// RoundTrip implements http.RoundTripper.
func (f *forgetful) RoundTrip(request *http.Request) (*http.Response, error) {
	transport := f.now.Load()
	response, err := transport.RoundTrip(request)
	if err != nil {
		f.now.CompareAndSwap(transport, transport.Clone())
		transport.CloseIdleConnections()
	}
	return response, err
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (f *forgetful) CloseIdleConnections() { f.now.Load().CloseIdleConnections() }
