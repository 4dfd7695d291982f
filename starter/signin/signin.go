// Package signin is the door for browsers: people sign in at the OpenID Connect provider and out again. The pages behind
// it ask it who is calling; the API takes no cookies.
package signin

import (
	"context"
	_ "embed" // the page
	"html/template"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"curfew/internal/identity"
)

// The paths of the door.
const (
	PathSignIn  = "/signin"
	PathAnswer  = "/signin/callback" // where the provider sends browsers back to
	PathSignOut = "/signout"
	PathAccount = "/account" // who is signed in
)

const (
	// cookies with this prefix come from this host alone, over TLS alone, and for all of its paths.
	prefix        = "__Host-"
	sessionCookie = prefix + "curfew"
	signInCookie  = prefix + "curfew-signin"

	signInWithin = 10 * time.Minute // from leaving for the provider to coming back
	mostSignIns  = 20_000
	mostSessions = 20_000
	maxForm      = 4 << 10
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// Options of a Door.
type Options struct {
	Provider *identity.Provider
	// Saw remembers what a sign-in has named; nil where nothing is to be remembered.
	Saw func(context.Context, identity.Caller) error
	URL string // how people reach Curfew: an origin, and a path if it is not at the root
	Log *zap.Logger
}

// Door lets browsers in. Who is signed in is known to this process alone, so that signing out ends it for good and
// nothing worth stealing is on any disk; after a restart people sign in again.
type Door struct {
	provider *identity.Provider
	saw      func(context.Context, identity.Caller) error
	base     string // what addresses within Curfew begin with
	log      *zap.Logger
	origins  *http.CrossOriginProtection
	lasts    time.Duration
	signIns  *kept[signIn]
	sessions *kept[Session]
}

// signIn is a sign-in at the provider that has not been answered.
type signIn struct {
	identity.SignIn
	next string // where the browser wanted to go
}

// Session is a browser whose person has signed in.
type Session struct {
	Caller identity.Caller
	// FormToken is in every form that this session may send.
	FormToken string
	Ends      time.Time

	login, subject string // by which the directory knew the person when they came in
}

// New makes a door. The error is about the URL.
func New(o Options) (*Door, error) {
	d := &Door{
		provider: o.Provider, saw: o.Saw, base: strings.TrimSuffix(o.URL, "/"), log: o.Log, lasts: o.Provider.OIDC().Session.Duration,
		origins: http.NewCrossOriginProtection(), signIns: newKept[signIn](mostSignIns), sessions: newKept[Session](mostSessions),
	}
	return d, d.origins.AddTrustedOrigin(origin(d.base))
}

// Handle adds the door's pages to a mux.
func (d *Door) Handle(mux *http.ServeMux) {
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET " + PathSignIn:   d.leave,
		"GET " + PathAnswer:   d.comeBack,
		"GET " + PathAccount:  d.account,
		"POST " + PathSignOut: d.signOut,
	} {
		mux.Handle(pattern, d.answer(handle))
	}
}

// Current is the session that a browser's call belongs to; false when nobody has signed in, or not lately. It is over when
// the person is not in the directory any more, or signs in by another name there.
func (d *Door) Current(r *http.Request) (Session, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return Session{}, false
	}
	session, ok := d.sessions.look(cookie.Value)
	person, there := d.provider.Directory().People[session.Caller.Person]
	if ok && (!there || person.Login != session.login || person.Subject != session.subject) {
		d.end(r)
		return Session{}, false
	}
	return session, ok
}

// origin is the part of an address that a browser calls its origin.
func origin(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
