// Package signin is the entry point for browsers: people sign in at the OpenID Connect provider, or with their token
// where there is none, and out again. The pages behind it ask it who is calling; the API takes no cookies.
package signin

import (
	"context"
	"crypto/sha256"
	"embed"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"curfew/internal/identity"
	"curfew/internal/keyring"
	"curfew/internal/people"
	"curfew/starter/limit"
	"curfew/starter/page"
)

// The paths of signing in.
const (
	PathSignIn  = "/signin"
	PathAnswer  = "/signin/callback" // where the provider sends browsers back to
	PathSignOut = "/signout"
	PathAccount = "/account" // who is signed in
)

// tokenLasts is how long a session lasts that somebody began with a token.
const tokenLasts = 8 * time.Hour

//go:embed account.html token.html
var files embed.FS

var (
	accountPage = page.Parse(files, "account.html")
	tokenPage   = page.Parse(files, "token.html")
)

// Options of a Handler.
type Options struct {
	// Callers recognizes people. Where it has no provider, they sign in with their tokens.
	Callers *identity.Authenticator
	// Directory is the one of the moment, which says who people are.
	Directory func() *people.Directory
	// Frame is what the pages are shown in, at the URL.
	Frame *page.Frame
	URL   string // how people reach Curfew: an origin, and a path if it is not at the root
	// Saw remembers what a sign-in has named; nil where nothing is to be remembered.
	Saw func(context.Context, identity.Caller) error
	// Secrets are those that all servers share; one of this process's own when there is none.
	Secrets keyring.Ring
	// Limits are those that all entry points share; some of its own when nil.
	Limits *limit.Limits
	Log    *zap.Logger
}

// Handler lets browsers in. Who is signed in is known to this process alone, so that signing out ends it for good and
// nothing worth stealing is on any disk; after a restart people sign in again. Who is about to sign in is known to
// their browser alone.
type Handler struct {
	callers   *identity.Authenticator
	directory func() *people.Directory
	provider  *identity.Provider // nil: people sign in with their tokens
	frame     *page.Frame
	saw       func(context.Context, identity.Caller) error
	base      string // what addresses within Curfew begin with
	log       *zap.Logger
	cookies   cookies
	lasts     time.Duration
	pending   *pending
	sessions  *sessions
	limits    *limit.Limits
}

// Session is a browser whose person has signed in.
type Session struct {
	Caller identity.Caller
	// FormToken is in every form that this session may send.
	FormToken string
	Ends      time.Time

	came fingerprint // by which the directory knew the person when they came in
}

// fingerprint tells whether somebody still signs in by the same names and token.
type fingerprint [sha256.Size]byte

func fingerprintOf(person people.Person) fingerprint {
	return sha256.Sum256([]byte(strings.Join([]string{person.Login, person.Subject, person.Token.Reveal()}, "\x00")))
}

// New makes a Handler.
func New(o Options) *Handler {
	if o.Secrets.IsZero() {
		o.Secrets = keyring.Random()
	}
	if o.Limits == nil {
		o.Limits = limit.New(nil)
	}
	h := &Handler{
		callers:   o.Callers,
		directory: o.Directory,
		provider:  o.Callers.Provider(),
		frame:     o.Frame,
		saw:       o.Saw,
		base:      strings.TrimSuffix(o.URL, "/"),
		log:       o.Log,
		cookies:   cookies{secure: o.Frame.Secure()},
		lasts:     tokenLasts,
		pending:   newPending(o.Secrets),
		sessions:  newSessions(),
		limits:    o.Limits,
	}
	if h.provider != nil {
		h.lasts = h.provider.Session()
	}
	return h
}

// Handle adds its pages to a mux.
func (h *Handler) Handle(mux *http.ServeMux) {
	pages := map[string]func(http.ResponseWriter, *http.Request) error{
		"GET " + PathAccount:  h.account,
		"POST " + PathSignOut: h.signOut,
	}
	if h.provider == nil {
		pages["GET "+PathSignIn], pages["POST "+PathSignIn] = h.askForToken, h.takeToken
	} else {
		pages["GET "+PathSignIn], pages["GET "+PathAnswer] = h.leave, h.comeBack
	}
	h.frame.Handle(mux, pages)
}

// Current is the session that a browser's call belongs to; false when nobody has signed in, or not lately. It is over
// when the person is not in the directory any more, or signs in by another name or token there.
func (h *Handler) Current(r *http.Request) (Session, bool) {
	secret, ok := h.cookies.session(r)
	if !ok {
		return Session{}, false
	}
	session, ok := h.sessions.find(secret)
	person, there := h.directory().People[session.Caller.Person]
	if ok && (!there || fingerprintOf(person) != session.came) {
		h.end(r)
		return Session{}, false
	}
	return session, ok
}

// Viewer is how the pages call a session's person.
func (h *Handler) Viewer(session Session) *page.Viewer {
	return &page.Viewer{Name: h.directory().Name(session.Caller.Person), FormToken: session.FormToken}
}
