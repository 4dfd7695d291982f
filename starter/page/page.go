// Package page is what all of Curfew's pages have in common: one layout with its style and its script, the headers that
// keep a browser safe, the checks of what a form sends, and what is shown when something goes wrong.
package page

import (
	"bytes"
	_ "embed" // the layout
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"
)

//go:embed layout.html
var layoutText string

var layout = template.Must(template.New("layout.html").Funcs(template.FuncMap{"asset": assetPath}).Parse(layoutText))

// troubled is the page that an error leads to.
var troubled = Parse(nil)

// Parse makes a page of files that define "main", which the layout has at its heart. Without files it is the page of an
// error. It panics on a mistake in a file, so it belongs into variables of a package.
func Parse(files fs.FS, names ...string) *template.Template {
	made := template.Must(layout.Clone())
	if len(names) == 0 {
		return made
	}
	return template.Must(made.ParseFS(files, names...))
}

// Frame puts pages into the layout and answers browsers with them.
type Frame struct {
	prefix  string // the path that Curfew is at, empty at the root
	secure  bool   // people reach it over TLS
	origins *http.CrossOriginProtection
	log     *zap.Logger
}

// New makes the frame of the pages that people reach at an address: an origin, and a path if Curfew is not at the root.
// The error is about the address.
func New(address string, log *zap.Logger) (*Frame, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the pages' address: %w", err)
	}
	f := &Frame{
		prefix: strings.TrimSuffix(parsed.EscapedPath(), "/"), secure: parsed.Scheme == "https",
		origins: http.NewCrossOriginProtection(), log: log,
	}
	return f, f.origins.AddTrustedOrigin(parsed.Scheme + "://" + parsed.Host)
}

// Path is where a browser finds a path of Curfew's.
func (f *Frame) Path(path string) string { return f.prefix + path }

// Secure is true when people reach the pages over TLS; otherwise they do so on their own machine.
func (f *Frame) Secure() bool { return f.secure }

// View is what a page shows.
type View struct {
	Title   string
	Viewer  *Viewer // nil: nobody has signed in
	Here    string  // the path in the navigation that this page belongs to
	Frozen  string  // why nothing is granted now; empty when things are
	Content any
}

// Viewer is who looks at a page.
type Viewer struct {
	Name string
	// FormToken is in every form that the viewer's session may send.
	FormToken string
}

// shown is a view, and what the layout needs beside it.
type shown struct {
	View
	Base string // what paths within Curfew begin with
	Now  string // the server's clock, for the script
}

// Show answers with a page.
func (f *Frame) Show(w http.ResponseWriter, status int, page *template.Template, view View) error {
	var text bytes.Buffer
	if err := page.Execute(&text, shown{view, f.prefix, time.Now().UTC().Format(time.RFC3339Nano)}); err != nil {
		return fmt.Errorf("render a page: %w", err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // the browser may be gone
	return nil
}

// Handle adds pages to a mux. What they return as an error is shown on a page.
func (f *Frame) Handle(mux *http.ServeMux, pages map[string]func(http.ResponseWriter, *http.Request) error) {
	for pattern, handle := range pages {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			harden(w.Header())
			err := f.fromHere(r)
			if err == nil {
				err = handle(w, r)
			}
			if err != nil {
				f.trouble(w, r, err)
			}
		})
	}
}
