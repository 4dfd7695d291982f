package signin

import (
	"net/http"
	"time"
)

const (
	// prefix is for cookies that come from this host alone, over TLS alone, and for all of its paths. Not every browser
	// takes it without TLS, not even from its own machine.
	prefix        = "__Host-"
	sessionCookie = "curfew"
	signInCookie  = "curfew-signin"
)

// cookies are what browsers know themselves by.
type cookies struct{ secure bool }

func (c cookies) name(plain string) string {
	if c.secure {
		return prefix + plain
	}
	return plain
}

func (c cookies) session(r *http.Request) (secret string, ok bool) { return c.look(r, sessionCookie) }

// look finds the secret that a browser was given under a name.
func (c cookies) look(r *http.Request, name string) (secret string, ok bool) {
	cookie, err := r.Cookie(c.name(name))
	if err != nil {
		return "", false
	}
	return cookie.Value, true
}

// give gives the browser a secret for a while. Lax is needed: the browser comes back from the provider's pages, and
// from links in messages.
func (c cookies) give(w http.ResponseWriter, name, secret string, lasts time.Duration) {
	http.SetCookie(w, c.cookie(name, secret, int(lasts.Seconds())))
}

// take takes it away again.
func (c cookies) take(w http.ResponseWriter, name string) { http.SetCookie(w, c.cookie(name, "", -1)) }

func (c cookies) cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // without TLS, people reach Curfew on their own machine only
		Name: c.name(
			name,
		),
		Value:    value,
		Path:     "/",
		MaxAge:   seconds,
		Secure:   c.secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
}
