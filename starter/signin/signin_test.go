package signin_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter/signin"
)

func TestABrowserIsLetInAfterTheProviderAndOutAgain(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)
	require.Empty(t, h.get(t, browser, "/whoami").text)

	back := h.signIn(t, browser, "alice")

	require.Equal(t, http.StatusSeeOther, back.StatusCode, back.text)
	require.Equal(t, "/whoami", back.Header.Get("Location"))
	require.Equal(t, "alice", h.get(t, browser, "/whoami").text)
	account := h.get(t, browser, signin.PathAccount)
	require.Contains(t, account.text, `<dd id="person">alice</dd>`)
	require.Contains(t, account.text, "&lt;sre&gt;", "what the provider says is text")

	session := browser.Jar.Cookies(back.Request.URL)
	require.Equal(t, "alice", h.get(t, h.with(t, session), "/whoami").text)
	out := h.do(t, browser, http.MethodPost, h.server.URL+signin.PathSignOut, form(t, account), nil)
	require.Equal(t, http.StatusSeeOther, out.StatusCode, out.text)
	require.Empty(t, h.get(t, browser, "/whoami").text)
	require.Empty(t, h.get(t, h.with(t, session), "/whoami").text, "a cookie that was copied before is worth nothing")
}

// form is what the page's form sends.
func form(t *testing.T, page visited) url.Values {
	t.Helper()
	found := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page.text)
	require.Len(t, found, 2, page.text)
	return url.Values{"form": {found[1]}}
}

func TestCookiesAreForThisHostAndNoScript(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)
	left := h.get(t, browser, signin.PathSignIn)
	back := h.signIn(t, browser, "alice")

	for _, cookie := range append(left.Cookies(), back.Cookies()...) {
		require.True(t, strings.HasPrefix(cookie.Name, "__Host-"), cookie.Name)
		require.True(t, cookie.Secure && cookie.HttpOnly, cookie.Name)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
		require.Equal(t, "/", cookie.Path)
		require.Empty(t, cookie.Domain)
		require.NotZero(t, cookie.MaxAge, "it ends, or is taken away")
		require.LessOrEqual(t, cookie.MaxAge, 3600)
	}
	require.Len(t, left.Cookies(), 1)
	require.Len(t, back.Cookies(), 2)
}

func TestASignInStartsASessionOfItsOwn(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)
	first := h.signIn(t, browser, "alice")
	before := browser.Jar.Cookies(first.Request.URL)
	h.signIn(t, browser, "alice")
	require.NotEqual(t, before, browser.Jar.Cookies(first.Request.URL))

	require.Empty(t, h.get(t, h.with(t, before), "/whoami").text, "the session before has ended")
}

func TestWhoIsNotInTheDirectoryStaysOutside(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)

	back := h.signIn(t, browser, "mallory")

	require.Equal(t, http.StatusForbidden, back.StatusCode)
	require.Contains(t, back.text, "nobody in the directory has the email")
	require.Contains(t, back.text, "people.&lt;id&gt;.login", "the page tells what to do")
	require.Empty(t, h.get(t, browser, "/whoami").text)
}

func TestAnAnswerCountsOnceAndInItsOwnBrowserOnly(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser, other := h.browser(t), h.browser(t)
	address := h.leave(t, browser, "alice", "")
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	cookies := browser.Jar.Cookies(parsed)

	refused := func(browser *http.Client, address, fault string) {
		t.Helper()
		back := h.do(t, browser, http.MethodGet, address, nil, nil)
		require.Equal(t, http.StatusForbidden, back.StatusCode, back.text)
		require.Contains(t, back.text, fault)
		require.Empty(t, h.get(t, browser, "/whoami").text)
	}
	refused(other, address, "not about to sign in")
	own := h.leave(t, other, "alice", "")
	refused(other, address, "another sign-in")
	require.Equal(
		t,
		http.StatusSeeOther,
		h.do(t, other, http.MethodGet, own, nil, nil).StatusCode,
		"its own still counts",
	)
	h.do(t, other, http.MethodPost, h.server.URL+signin.PathSignOut, form(t, h.get(t, other, signin.PathAccount)), nil)

	require.Equal(t, http.StatusSeeOther, h.do(t, browser, http.MethodGet, address, nil, nil).StatusCode)
	refused(h.with(t, cookies), address, "this sign-in is over")

	for _, change := range []string{"state=", "state=" + strings.Repeat("A", 43)} {
		address := regexp.MustCompile(`state=[^&]+`).ReplaceAllString(h.leave(t, other, "alice", ""), change)
		refused(other, address, "another sign-in")
	}
	address = regexp.MustCompile(`code=[^&]+`).ReplaceAllString(h.leave(t, other, "alice", ""), "error=access_denied")
	refused(other, address, "the provider let nobody in")
	address = regexp.MustCompile(`code=[^&]+`).ReplaceAllString(h.leave(t, other, "alice", ""), "code=x")
	refused(other, address, "doesn&#39;t take its answer")
}

func TestNextLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, next := range []string{
		"https://evil.example.com/", "//evil.example.com", "///evil.example.com", `/\evil.example.com`, `\\evil.example.com`, "evil.example.com", ".evil.example.com",
		"@evil.example.com", "javascript:alert(1)", "/ok\r\nSet-Cookie: a=b", "/\t/evil.example.com", "/" + strings.Repeat("x", 2000), "/%zz", "/é",
	} {
		left := h.get(t, h.browser(t), signin.PathSignIn+"?next="+url.QueryEscape(next))
		require.Equal(t, http.StatusUnprocessableEntity, left.StatusCode, next)
		require.Empty(t, left.Cookies())
		require.Contains(t, left.text, "no path within Curfew")
	}
	browser := h.browser(t)
	back := h.do(t, browser, http.MethodGet, h.leave(t, browser, "alice", "/requests?state=active#x"), nil, nil)
	require.Equal(t, "/requests?state=active#x", back.Header.Get("Location"))
}

func TestOnlyItsOwnPageEndsASession(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)
	h.signIn(t, browser, "alice")
	good := form(t, h.get(t, browser, signin.PathAccount))
	out := h.server.URL + signin.PathSignOut

	for name, forged := range map[string]struct {
		form   url.Values
		header http.Header
	}{
		"no form":            {nil, nil},
		"a guessed form":     {url.Values{"form": {"x"}}, nil},
		"another site":       {good, http.Header{"Sec-Fetch-Site": {"cross-site"}}},
		"a neighbour":        {good, http.Header{"Sec-Fetch-Site": {"same-site"}}},
		"another origin":     {good, http.Header{"Origin": {"https://evil.example.com"}}},
		"a hidden origin":    {good, http.Header{"Origin": {"null"}}},
		"a long guess":       {url.Values{"form": {strings.Repeat("x", 1<<15)}}, nil},
		"a token in the URL": {nil, http.Header{"X-Query": {good.Encode()}}},
	} {
		address := out
		if query := forged.header.Get("X-Query"); query != "" {
			address += "?" + query
		}
		answer := h.do(t, browser, http.MethodPost, address, forged.form, forged.header)
		require.Equal(t, http.StatusForbidden, answer.StatusCode, name)
		require.Equal(t, "alice", h.get(t, browser, "/whoami").text, name)
	}
	long := h.do(t, browser, http.MethodPost, out, url.Values{"form": {strings.Repeat("x", 1<<20)}}, nil)
	require.Equal(t, http.StatusUnprocessableEntity, long.StatusCode, "and is not read to its end")
	require.Equal(t, http.StatusMethodNotAllowed, h.get(t, browser, signin.PathSignOut).StatusCode)
	same := http.Header{"Origin": {h.server.URL}, "Sec-Fetch-Site": {"same-origin"}}
	require.Equal(t, http.StatusSeeOther, h.do(t, browser, http.MethodPost, out, good, same).StatusCode)
	require.Empty(t, h.get(t, browser, "/whoami").text)
	require.Equal(
		t,
		http.StatusSeeOther,
		h.do(t, browser, http.MethodPost, out, nil, nil).StatusCode,
		"signing out twice is no fault",
	)
}

func TestASignInIsRememberedWithWhatItNamed(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)

	h.signIn(t, browser, "alice")

	caller := <-h.saw
	require.Equal(t, "alice", caller.Person)
	require.Equal(t, []string{"<sre>"}, caller.Groups)
	require.WithinDuration(t, time.Now(), caller.At, time.Minute)
	require.Equal(t, "alice", h.get(t, browser, "/whoami").text)
	require.Empty(t, h.saw, "once")
}

func TestASessionEndsWithThePersonsPlaceInTheDirectory(t *testing.T) {
	t.Parallel()
	for name, people := range map[string]string{
		"taken out":           "{bob: {login: bob@example.com}}",
		"signs in by another": "{alice: {login: alice@example.org}}",
		"given away":          "{alice: {subject: someone}, bob: {login: alice@example.com}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			browser := h.browser(t)
			h.signIn(t, browser, "alice")
			require.Equal(t, "alice", h.get(t, browser, "/whoami").text)

			h.configure(t, people)
			_, err := h.live.Reload()
			require.NoError(t, err)

			require.Empty(t, h.get(t, browser, "/whoami").text)
			h.configure(t, "{alice: {login: alice@example.com}}")
			_, err = h.live.Reload()
			require.NoError(t, err)
			require.Empty(t, h.get(t, browser, "/whoami").text, "it is over for good")
		})
	}
}

func TestPagesAreHardened(t *testing.T) {
	t.Parallel()
	h := open(t)
	for _, path := range []string{signin.PathAccount, signin.PathSignIn, signin.PathSignIn + "?next=x", signin.PathAnswer} {
		header := h.get(t, h.browser(t), path).Header
		policy := header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			require.Contains(t, policy, rule)
		}
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "no-store", header.Get("Cache-Control"))
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
		require.Equal(t, "DENY", header.Get("X-Frame-Options"))
		require.Equal(t, "same-origin", header.Get("Referrer-Policy"))
	}
}

func TestWithoutTheProviderThePageSaysSo(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.provider.Stop()

	left := h.get(t, h.browser(t), signin.PathSignIn)

	require.Equal(t, http.StatusServiceUnavailable, left.StatusCode)
	require.Contains(t, left.text, "can&#39;t be asked")
}

func TestTheLogHasPeopleAndNoSecrets(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)
	address := h.leave(t, browser, "alice", "")
	back := h.do(t, browser, http.MethodGet, address, nil, nil)
	h.do(t, browser, http.MethodGet, address, nil, nil)

	var text strings.Builder
	for _, line := range h.logs.All() {
		text.WriteString(line.Message)
		for name, value := range line.ContextMap() {
			text.WriteString(" " + name + "=" + fmt.Sprint(value))
		}
	}
	require.Contains(t, text.String(), "signed in person=alice")
	require.Contains(t, text.String(), "a page was refused")
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	for _, secret := range []string{parsed.Query().Get("code"), parsed.Query().Get("state"), back.Cookies()[1].Value} {
		require.NotContains(t, text.String(), secret)
	}
}
