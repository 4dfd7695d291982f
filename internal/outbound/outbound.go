// Package outbound calls endpoints that users choose: it calls only allowed addresses, bounds the answers that it reads, and
// honours Retry-After.
package outbound

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"curfew/internal/keepalive"
	"curfew/workflows/contract"
)

const (
	// Patience bounds one call, its answer included.
	Patience  = 5 * time.Second
	maxAnswer = 64 << 10 // in bytes
	maxHeader = 16 << 10 // in bytes
	maxText   = 200      // of others, in bytes
	// maxWait bounds how long somebody can hold us up by asking us to wait.
	maxWait = 5 * time.Minute
)

// Client calls what the guard lets through, and follows no redirect: what is sent to one goes to nobody else.
func (g Guard) Client() *http.Client {
	dialer := keepalive.Dialer()
	dialer.Control = func(network, address string, raw syscall.RawConn) error {
		if err := g.control(network, address, raw); err != nil {
			return err
		}
		return keepalive.Control(network, address, raw)
	}
	transport := keepalive.Transport()
	// A proxy would choose the addresses in our place.
	transport.Proxy, transport.DialContext = nil, dialer.DialContext
	transport.DisableCompression, transport.MaxResponseHeaderBytes = true, maxHeader
	return &http.Client{
		Timeout: Patience, Transport: keepalive.Forgetful(transport),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Answer is a whole answer, of whatever status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// ErrTooLarge is about an answer that goes on beyond what is read.
var ErrTooLarge = fmt.Errorf("it is larger than %d KiB", maxAnswer>>10)

// Send sends a request. It returns an error only when there is no whole answer; the error does not repeat the address,
// which may be secret.
func Send(client *http.Client, request *http.Request) (Answer, error) {
	response, err := client.Do(request) //nolint:gosec // whom we call is configured, and a guard looks at the address
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return Answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return Answer{}, err
	}
	if len(body) > maxAnswer {
		return Answer{}, ErrTooLarge
	}
	return Answer{response.StatusCode, response.Header, body}, nil
}

// Said is the status in words.
func (a Answer) Said() string {
	return strings.TrimSpace(strconv.Itoa(a.Status) + " " + http.StatusText(a.Status))
}

// Passes is true for refusals of the moment.
func (a Answer) Passes() bool {
	switch a.Status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	default:
		return a.Status >= 500
	}
}

// RetryAfter is how long the answer asks us to wait, in seconds or until a date; zero when it does not, or can't be read.
func (a Answer) RetryAfter(now time.Time) contract.Duration {
	text := a.Header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(text); err == nil {
		wait = date.Sub(now)
	}
	return contract.Duration{Duration: min(max(wait, 0), maxWait)}
}

// Clip makes text of others fit into an error: one line, of bounded length.
func Clip(text string) string {
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return contract.Shorten(line, maxText)
}
