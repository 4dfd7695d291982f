// Package web is the entry point for people with a browser: pages to ask, review and look back, made on the server.
// They work without JavaScript; where there is some, they follow what happens.
package web

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"curfew/activities/story"
	"curfew/starter"
	"curfew/starter/limit"
	"curfew/starter/page"
	"curfew/starter/signin"
	"curfew/workflows/contract"
)

//go:embed pages/*.html
var files embed.FS

func parse(name string) *template.Template {
	return page.Parse(files, "pages/"+name, "pages/parts.html")
}

// Options of the pages.
type Options struct {
	Starter  *starter.Starter
	Frame    *page.Frame
	Sessions *signin.Handler // knows who has signed in
	// Limits are those that all entry points share; some of its own when nil.
	Limits *limit.Limits
}

// Pages are for those who have signed in.
type Pages struct {
	starter *starter.Starter
	shared
}

// shared is what the pages and each visit have in common.
type shared struct {
	frame    *page.Frame
	sessions *signin.Handler
	limits   *limit.Limits
	now      func() time.Time
}

// New makes the pages.
func New(o Options) *Pages {
	if o.Limits == nil {
		o.Limits = limit.New(nil)
	}
	return &Pages{o.Starter, shared{frame: o.Frame, sessions: o.Sessions, limits: o.Limits, now: time.Now}}
}

// Handle adds the pages to a mux.
func (p *Pages) Handle(mux *http.ServeMux) {
	pages := map[string]func(http.ResponseWriter, *http.Request) error{}
	for pattern, handle := range map[string]func(visit) error{
		"GET /{$}":                         visit.home,
		"GET /news":                        visit.homeNews,
		"GET /ask":                         visit.choose,
		"GET /ask/{template}":              visit.form,
		"POST /ask/{template}":             visit.ask,
		"GET /ask/{template}/break-glass":  visit.form,
		"POST /ask/{template}/break-glass": visit.ask,
		"GET /requests/{id}":               visit.request,
		"GET /requests/{id}/news":          visit.requestNews,
		"GET /requests/{id}/{form}":        visit.afterForm,
		"POST /requests/{id}/review":       visit.review,
		"POST /requests/{id}/extend":       visit.extend,
		"POST /requests/{id}/end":          visit.end,
		"POST /requests/{id}/cancel":       visit.cancel,
		"/requests/":                       nowhere,
		"/ask/":                            nowhere,
	} {
		pages[pattern] = p.signedIn(handle)
	}
	p.frame.Handle(mux, pages)
}

func nowhere(visit) error {
	return contract.NotFound("there is no such page")
}

// visit is one call of somebody who has signed in. All of it goes by one configuration, that of its Snapshot.
type visit struct {
	shared
	starter *starter.Snapshot
	w       http.ResponseWriter
	r       *http.Request
	person  string
	session signin.Session
}

// signedIn leads whoever has not signed in there, and holds that forms are the session's own.
func (p *Pages) signedIn(handle func(visit) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		session, ok := p.sessions.Current(r)
		if !ok {
			return p.signIn(w, r)
		}
		err := p.withinLimits(r, session)
		if err == nil {
			err = checkForm(w, r, session.FormToken)
		}
		if err == nil {
			err = handle(visit{p.shared, p.starter.Current(), w, r, session.Caller.Person, session})
		}
		if err != nil {
			return &page.Troubled{Viewer: p.sessions.Viewer(session), Err: err}
		}
		return nil
	}
}

// withinLimits holds that nobody crowds others out. It reads no form.
func (p *Pages) withinLimits(r *http.Request, session signin.Session) error {
	err := p.limits.Call(session.Caller.Person, session.FormToken)
	if err != nil || isReading(r) || strings.HasSuffix(r.Pattern, "/end") || strings.HasSuffix(r.Pattern, "/cancel") {
		return err
	}
	return p.limits.Change(session.Caller.Person)
}

// checkForm reads what a form has sent, if this is one, and holds that it is of the session.
func checkForm(w http.ResponseWriter, r *http.Request, token string) error {
	if isReading(r) {
		return nil
	}
	return cmp.Or(page.ReadForm(w, r), page.CheckForm(r, token))
}

func isReading(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

var signedOutPage = parse("signed-out.html")

// signIn comes before everything else. A form can't be sent again by itself, so what was written in it is shown.
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	if isReading(r) {
		http.Redirect(w, r, p.signInFor(r.URL.RequestURI()), http.StatusSeeOther)
		return nil
	}
	defer p.limits.Body(w, r)()
	if err := page.ReadForm(w, r); err != nil {
		return err
	}
	return p.frame.Show(w, http.StatusForbidden, signedOutPage, page.View{
		Title: "You are signed out", Content: struct{ SignIn, Reason string }{p.signInFor("/"), typed(r, "reason")},
	})
}

// longestNext is as long as the sign-in takes it.
const longestNext = 1 << 10

func (p *Pages) signInFor(next string) string {
	if len(next) > longestNext {
		next = "/"
	}
	return p.frame.Path(signin.PathSignIn) + "?" + url.Values{"next": {next}}.Encode()
}

// show answers with a page of whoever visits.
func (v visit) show(status int, made *template.Template, title, here string, content any) error {
	return v.frame.Show(v.w, status, made, page.View{
		Title: title, Here: here, Viewer: v.sessions.Viewer(v.session), Frozen: v.frozen(), Content: content,
	})
}

// frozen is who froze Curfew, and why; empty when things are granted.
func (v visit) frozen() string {
	freeze, err := v.starter.Frozen(v.r.Context(), v.person)
	if err != nil || !freeze.Frozen {
		return "" // what can't be read is said by what the page shows
	}
	return fmt.Sprintf(
		"%s, %s: %s",
		v.name(freeze.By),
		freeze.At.UTC().Format("2006-01-02 15:04 UTC"),
		story.Visible(freeze.Reason),
	)
}

// goTo leads on after a form, so that looking again sends nothing twice.
func (v visit) goTo(path string) error {
	http.Redirect(v.w, v.r, v.frame.Path(path), http.StatusSeeOther)
	return nil
}

// tell answers the script, which looks for a difference.
func (v visit) tell(news string) error {
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = v.w.Write([]byte(news)) // the browser may be gone
	return nil
}
