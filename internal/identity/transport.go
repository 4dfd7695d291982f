package identity

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

const (
	askWithin = 10 * time.Second
	maxAnswer = 1 << 20
	// Whoever can reach the API can make up tokens with keys that nobody knows. This is how often the provider is asked
	// for its keys because of them: keysAtOnce times, and then once in keysEvery.
	keysEvery  = 5 * time.Second
	keysAtOnce = 5
)

// errTooOften is about a token that was not worth another question.
var errTooOften = errors.New("the provider was asked often enough")

// Client asks a provider, and nobody that it sends us to. It waits, reads and asks only so much.
func Client() *http.Client {
	return &http.Client{
		Timeout:   askWithin,
		Transport: &bounded{next: http.DefaultTransport, fetches: rate.NewLimiter(rate.Every(keysEvery), keysAtOnce)},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it sends us elsewhere")
		},
	}
}

// bounded limits how often the provider is asked for what it publishes, and how much of an answer is read.
type bounded struct {
	next    http.RoundTripper
	fetches *rate.Limiter
}

// RoundTrip asks, if there was not too much asking. What is published has the status 200; the token endpoint explains
// itself with others.
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet && !b.fetches.Allow() {
		return nil, errTooOften
	}
	response, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet && response.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("it answered %d", response.StatusCode), response.Body.Close())
	}
	response.Body = http.MaxBytesReader(nil, response.Body, maxAnswer)
	return response, nil
}
