package keepalive

import (
	"net/http"
	"time"
)

const (
	idleConnections = 16 // to one host
	idleTime        = time.Minute

	// A connection of HTTP/2 carries many calls, so that it isn't given up with one of them. It is asked whether it lives
	// when it was silent for a while, and closed when it does not answer.
	silence  = 2 * time.Second
	patience = time.Second
)

// Transport keeps connections for the next call. Each is made within some time.
func Transport(within time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         Dialer(within).DialContext,
		TLSHandshakeTimeout: within,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     idleTime,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: silence, PingTimeout: patience},
	}
}

// Forgetful calls by a transport that keeps its connections. When a call gets no answer, the connections that nobody uses
// are closed: they are as old as the one that failed, and each of them would cost another call its time.
func Forgetful(transport http.RoundTripper) http.RoundTripper { return forgetful{transport} }

type forgetful struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (f forgetful) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := f.RoundTripper.RoundTrip(request)
	if err != nil {
		f.CloseIdleConnections()
	}
	return response, err
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (f forgetful) CloseIdleConnections() {
	if closer, ok := f.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}
