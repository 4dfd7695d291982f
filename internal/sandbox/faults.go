// Package sandbox is the base of the stand-ins for systems that Curfew talks to and that can't be run here: what tests
// and the demo do to all of them alike. Each stand-in has a package below.
package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// bodyLimit bounds the request bodies that a fault holds back, in bytes.
const bodyLimit = 1 << 20

// Fault is one way in which a request goes wrong. A Delay comes first; of the others, set one, or LoseReply and Status.
type Fault struct {
	// Method and Path (a prefix) say which requests are meant; what is empty fits all.
	Method, Path string
	// Body says by their bodies which requests are meant; nil fits all. It can't be set from another process.
	Body func(body []byte) bool `json:"-"`
	// Times is how many matching requests go wrong; 0 means all until Clear.
	//
	// Go's client repeats a GET on its own when a connection that it had kept is cut, so a single cut may pass unseen.
	Times int

	// Lie has the request answered as if it took effect, and it takes none. The stand-in must know how to: see Lies.
	Lie bool
	// LoseReply lets the request take effect and cuts the connection in the place of the reply; with a Status, it answers
	// that in its place, as a gateway does that did not hear the reply.
	LoseReply bool
	// Down cuts the connection before the request is handled.
	Down bool
	// Status is answered in the place of handling the request.
	Status int
	// RetryAfter is the header that goes with Status: seconds or an HTTP date.
	RetryAfter string
	// Delay holds the request back. A caller that goes away meanwhile ends it, and its request has no effect, unless
	// the fault also loses the reply: then the request lands late, when nobody waits for it any more.
	Delay time.Duration
}

// Faults are switched on while a stand-in runs. The zero value has none; it is safe for concurrent use.
type Faults struct {
	mu     sync.Mutex
	faults []Fault
}

// Add switches a fault on. Of several that fit a request, the first that was added happens.
func (f *Faults) Add(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, fault)
}

// Clear switches all faults off; requests that are being delayed still go wrong.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// Wrap makes requests to a handler go wrong. It belongs outside of a contract's check, which would report the faults.
func (f *Faults) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault, found := f.take(r); found {
			fault.happen(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (f *Faults) take(r *http.Request) (Fault, bool) {
	body, err := read(r)
	if err != nil {
		return Fault{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, fault := range f.faults {
		if !fault.fits(r, body) {
			continue
		}
		switch fault.Times {
		case 0:
		case 1:
			f.faults = append(f.faults[:i:i], f.faults[i+1:]...)
		default:
			f.faults[i].Times--
		}
		return fault, true
	}
	return Fault{}, false
}

func (f Fault) fits(r *http.Request, body []byte) bool {
	return (f.Method == "" || f.Method == r.Method) && strings.HasPrefix(r.URL.Path, f.Path) &&
		(f.Body == nil || f.Body(body))
}

// BeyondPlane is true for a body with characters beyond the Basic Multilingual Plane, as themselves or escaped as in
// JSON or forms. Databases that give three bytes to each character can't store them.
func BeyondPlane(body []byte) bool {
	if form, err := url.QueryUnescape(string(body)); err == nil {
		body = []byte(form)
	}
	return bytes.ContainsFunc(body, func(r rune) bool { return r > 0xffff }) || surrogate.Match(body)
}

// surrogate is the first half of an escaped character beyond the plane.
var surrogate = regexp.MustCompile(`(?i)\\ud[89ab][0-9a-f]{2}`)

// read takes the body of a request and puts it back.
func read(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit))
	if err != nil {
		return nil, err
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return body, nil
}

func (f Fault) happen(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if f.Delay > 0 {
		gone := wait(r, f.Delay)
		if gone && !f.LoseReply {
			cut()
		}
		r = r.WithContext(context.WithoutCancel(r.Context()))
	}
	switch {
	case f.Lie:
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), lieKey{}, true)))
	case f.LoseReply:
		next.ServeHTTP(discard{http.Header{}}, r)
		if f.Status == 0 {
			cut()
		}
		refuse(w, f.Status, f.RetryAfter)
	case f.Down:
		cut()
	case f.Status != 0:
		refuse(w, f.Status, f.RetryAfter)
	default:
		next.ServeHTTP(w, r)
	}
}

type lieKey struct{}

// Lies is true for a request that is to be answered as if it took effect, and to take none.
func Lies(r *http.Request) bool { return r.Context().Value(lieKey{}) != nil }

// wait returns when the time is over or the caller is gone, and says whether that was so. It reads the body first,
// because a server notices that its caller has left only after that.
func wait(r *http.Request, delay time.Duration) (gone bool) {
	if _, err := read(r); err != nil {
		return true
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return false
	case <-r.Context().Done():
		return true
	}
}

func refuse(w http.ResponseWriter, status int, retryAfter string) {
	if retryAfter != "" {
		w.Header().Set("Retry-After", retryAfter)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": http.StatusText(status)})
}

// cut ends the connection without a reply; net/http offers no other way that fits every protocol version.
func cut() { panic(http.ErrAbortHandler) }

// discard takes a reply that nobody will see.
type discard struct{ header http.Header }

func (d discard) Header() http.Header          { return d.header }
func (discard) Write(body []byte) (int, error) { return len(body), nil }
func (discard) WriteHeader(int)                {}
