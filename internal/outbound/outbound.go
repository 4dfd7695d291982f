// Package outbound calls other systems over HTTP: those that the configuration names with credentials of ours, and
// those that users choose only at allowed addresses. It bounds each call and the answers that it reads, follows no
// redirect, and honours Retry-After by the clock of whoever asks for it.
package outbound

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"curfew/internal/exactjson"
	"curfew/internal/keepalive"
	"curfew/workflows/contract"
)

const (
	// Patience bounds one call, its answer included.
	Patience  = 5 * time.Second
	maxAnswer = 64 << 10 // in bytes
	maxHeader = 16 << 10 // in bytes
	maxText   = 200      // of others, in bytes
	// LongestWait bounds how long a system whose answers people or ends wait for can hold us up by asking us to wait.
	LongestWait = 5 * time.Minute
	// LongestPause bounds it for one that is only told: many count their limits by the hour.
	LongestPause = time.Hour
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
var ErrTooLarge = errors.New("it is larger than any answer that is expected")

// Send sends a request. It returns an error only when there is no whole answer; the error does not repeat the address,
// which may be secret.
func Send(client *http.Client, request *http.Request) (Answer, error) {
	return send(client, request, maxAnswer)
}

func send(client *http.Client, request *http.Request, limit int64) (Answer, error) {
	response, err := client.Do(request) //nolint:gosec // whom we call is configured, and a guard looks at the address
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return Answer{}, err
	}
	return Read(response, limit)
}

// Read takes the whole answer in, and closes it. Only so many bytes of its body may there be.
func Read(response *http.Response, limit int64) (Answer, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return Answer{}, err
	}
	if int64(len(body)) > limit {
		return Answer{}, ErrTooLarge
	}
	return Answer{response.StatusCode, response.Header, body}, nil
}

// Said is the status in words.
func (a Answer) Said() string {
	return strings.TrimSpace(strconv.Itoa(a.Status) + " " + http.StatusText(a.Status))
}

// OK is true for a success.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// IsJSON is true for an answer that says it is JSON.
func (a Answer) IsJSON() bool { return IsJSON(a.Header) }

// JSON decodes an answer, key by key as they are written. It is false for one that is no JSON, that has a key twice, or
// that is not of the wanted form.
func (a Answer) JSON(into any) bool {
	return a.IsJSON() && exactjson.UnmarshalLoose(a.Body, into) == nil
}

// IsFinalWord is true when whoever answered has done with the call, and will do no more of it. A server's own failure
// and a time-out are none, nor is a gateway's: what was asked for may have been done, or may still be.
func (a Answer) IsFinalWord() bool { return a.Status < 500 && a.Status != http.StatusRequestTimeout }

// Passes is true for refusals of the moment.
func (a Answer) Passes() bool {
	switch a.Status {
	case http.StatusRequestTimeout,
		http.StatusConflict,
		http.StatusLocked,
		http.StatusTooEarly,
		http.StatusTooManyRequests:
		return true
	default:
		return a.Status >= 500
	}
}

// At is when the answer was given, by the clock of whoever gave it; by ours when they don't say.
func (a Answer) At() time.Time {
	if theirs, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		return theirs
	}
	return time.Now()
}

// RetryAfter is how long the answer asks us to wait, in seconds or until an instant of its own clock, and no longer
// than longest. It is zero when the answer does not ask, or can't be read. other is a header of the vendor's own that
// counts in seconds; empty for none.
func (a Answer) RetryAfter(longest time.Duration, other string) contract.Duration {
	asked := a.Header.Get("Retry-After")
	if asked == "" && other != "" {
		asked = a.Header.Get(other)
	}
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(asked, 10, 64); err == nil {
		wait = time.Duration(min(max(seconds, 0), int64(longest/time.Second))) * time.Second
	} else if instant, err := http.ParseTime(asked); err == nil {
		wait = instant.Sub(a.At())
	}
	return contract.Duration{Duration: min(max(wait, 0), longest)}
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
