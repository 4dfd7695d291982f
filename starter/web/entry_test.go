package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/starter/page"
	"curfew/starter/signin"
	"curfew/starter/startertest"
	"curfew/starter/web"
)

// entry point is the pages without a worker behind them.
type entry struct {
	*startertest.House
	server *httptest.Server
}

func openEntry(t *testing.T) *entry {
	t.Helper()
	mux := http.NewServeMux()
	d := &entry{House: startertest.New(t), server: httptest.NewServer(mux)}
	t.Cleanup(d.server.Close)
	frame, err := page.New(d.server.URL, zap.NewNop())
	require.NoError(t, err)
	mux.Handle("GET "+page.PathAssets, frame.Assets())
	signs := signin.New(
		signin.Options{
			Callers: identity.New(
				d.Config.OIDC,
			),
			Directory: func() *people.Directory { return &d.Live.Current().Directory },
			Frame:     frame,
			URL:       d.server.URL,
			Log:       zap.NewNop(),
		},
	)
	signs.Handle(mux)
	web.New(web.Options{Starter: d.Starter, Frame: frame, Sessions: signs}).Handle(mux)
	return d
}

// visitor is a program that visits pages as a browser does, without following where they lead.
type visitor struct {
	*http.Client
	t *testing.T
	d *entry
}

// stranger has not signed in.
func (d *entry) stranger(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &visitor{
		&http.Client{
			Jar:           jar,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		t,
		d,
	}
}

func (d *entry) signedIn(t *testing.T, person string) *visitor {
	t.Helper()
	v := d.stranger(t)
	in := v.post("/signin", url.Values{"token": {startertest.Token(person)}}, nil)
	require.Equal(t, http.StatusSeeOther, in.StatusCode, in.text)
	return v
}

// visited is what was answered.
type visited struct {
	*http.Response
	text string
}

func (v *visitor) get(path string) visited { return v.do(http.MethodGet, path, nil, nil) }

func (v *visitor) post(path string, form url.Values, header http.Header) visited {
	return v.do(http.MethodPost, path, form, header)
}

func (v *visitor) do(method, path string, form url.Values, header http.Header) visited {
	v.t.Helper()
	request, err := http.NewRequestWithContext(
		v.t.Context(),
		method,
		v.d.server.URL+path,
		strings.NewReader(form.Encode()),
	)
	require.NoError(v.t, err)
	for name, values := range header {
		request.Header[name] = values
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := v.Do(request)
	require.NoError(v.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return visited{response, string(text)}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`)

// form is what the only form of a page sends when nobody types, and what is typed.
func (v *visitor) form(path string, typed ...string) url.Values {
	v.t.Helper()
	page := v.get(path)
	require.Equal(v.t, http.StatusOK, page.StatusCode, page.text)
	form := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(page.text, -1) {
		form.Set(field[1], field[2])
	}
	for i := 0; i < len(typed); i += 2 {
		form.Set(typed[i], typed[i+1])
	}
	require.NotEmpty(v.t, form.Get("form"))
	return form
}
