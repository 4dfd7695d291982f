package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// forms are all that change something, with what a person would have typed.
func forms(id string) map[string]url.Values {
	return map[string]url.Values{
		"/ask/read-logs":              {"reason": {"to look"}},
		"/requests/" + id + "/review": {"verdict": {"approve"}, "digest": {"x"}},
		"/requests/" + id + "/extend": {"duration": {"30m"}, "reason": {"more"}},
		"/requests/" + id + "/end":    {"reason": {"done"}},
		"/requests/" + id + "/cancel": {},
	}
}

func TestOnlyTheSessionsOwnPagesSendForms(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	status := startertest.Status(contract.StateActive)
	d.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventGranted, Actor: contract.ActorCurfew})
	alice, carol := d.signedIn(t, "alice"), d.signedIn(t, "carol")
	good, others := alice.form("/ask/read-logs"), carol.form("/ask/read-logs")

	for path, typed := range forms(status.ID) {
		for name, forged := range map[string]struct {
			token  string
			header http.Header
		}{
			"no token":            {"", nil},
			"a guessed token":     {"x", nil},
			"another's token":     {others.Get("form"), nil},
			"another site":        {good.Get("form"), http.Header{"Sec-Fetch-Site": {"cross-site"}}},
			"a neighbour":         {good.Get("form"), http.Header{"Sec-Fetch-Site": {"same-site"}}},
			"another origin":      {good.Get("form"), http.Header{"Origin": {"https://evil.example.com"}}},
			"an origin of no-one": {good.Get("form"), http.Header{"Origin": {"null"}}},
		} {
			typed.Set("form", forged.token)
			answer := alice.post(path, typed, forged.header)
			require.Equal(t, http.StatusForbidden, answer.StatusCode, "%s by %s", path, name)
			require.Contains(t, answer.text, `id="way-on"`, "an error leads on")
		}
		require.Equal(
			t,
			http.StatusForbidden,
			alice.post(path+"?form="+url.QueryEscape(good.Get("form")), url.Values{}, nil).StatusCode,
			"a token in the address is none",
		)
	}
	page, err := d.Starter.Current().List(t.Context(), "alice", ledger.Filter{Person: "alice"})
	require.NoError(t, err)
	require.Len(t, page.Requests, 1, "nothing was started")
}

func TestWhoHasNotSignedInIsLedThereAndBack(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	stranger := d.stranger(t)
	id := ulid.Make().String()
	for _, path := range []string{"/", "/?list=mine", "/ask", "/ask/read-logs?ticket=OPS-7", "/requests/" + id} {
		answer := stranger.get(path)
		require.Equal(t, http.StatusSeeOther, answer.StatusCode, path)
		require.Equal(t, "/signin?next="+url.QueryEscape(path), answer.Header.Get("Location"))
	}
	require.Equal(t, "/signin?next=%2F", stranger.get("/?x="+strings.Repeat("x", 2000)).Header.Get("Location"))
	for path, typed := range forms(id) {
		typed.Set("reason", "what took <long> to write")
		answer := stranger.post(path, typed, nil)
		require.Equal(t, http.StatusForbidden, answer.StatusCode, path)
		require.Contains(t, answer.text, "You are signed out")
		require.Contains(t, answer.text, "what took &lt;long&gt; to write", "nothing that was typed is lost")
	}
}

func TestOtherPeoplesRequestsAreNotFound(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	status := startertest.Status(contract.StateActive)
	d.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventGranted, Actor: contract.ActorCurfew})
	bob := d.signedIn(t, "bob")
	token := bob.form("/ask/read-logs").Get("form")
	missing := ulid.Make().String()

	for _, path := range []string{"/requests/%", "/requests/%/news"} {
		theirs, none := bob.get(
			strings.ReplaceAll(path, "%", status.ID),
		), bob.get(
			strings.ReplaceAll(path, "%", missing),
		)
		require.Equal(t, http.StatusNotFound, theirs.StatusCode)
		require.Equal(t, withoutClock(none.text), withoutClock(theirs.text))
	}
	for path, typed := range forms(status.ID) {
		if strings.HasPrefix(path, "/ask") {
			continue
		}
		typed.Set("form", token)
		answer := bob.post(path, typed, nil)
		require.Equal(t, http.StatusNotFound, answer.StatusCode, path)
		require.NotContains(t, answer.text, "checkout")
	}
	for _, odd := range []string{"x", strings.ToLower(status.ID), "..%2f..%2fetc", strings.Repeat("0", 4000), "%00", "<script>"} {
		answer := bob.get("/requests/" + odd)
		require.Equal(t, http.StatusNotFound, answer.StatusCode, odd)
		require.NotContains(t, answer.text, "<script>")
	}
	require.Equal(t, http.StatusNotFound, bob.get("/requests/").StatusCode)
	require.Equal(t, http.StatusNotFound, bob.get("/ask/no-such-template").StatusCode)
	require.Equal(t, http.StatusNotFound, bob.get("/?list=no-such-list").StatusCode)
}

// withoutClock leaves out the time at which a page was made.
func withoutClock(text string) string {
	_, text, _ = strings.Cut(text, "<head>")
	return text
}

func TestWhatPeopleTypeIsShownAsText(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	const nasty = `"><script>alert(1)</script><img src=x onerror=alert(1)>` + "\u202egnp.exe {{.}} javascript:alert(1)"
	status := startertest.Status(contract.StateActive)
	status.Reason, status.Incident = nasty, nasty
	status.Extension = &contract.Extension{
		Request:  status.ID,
		By:       "alice",
		Duration: status.Duration,
		Reason:   nasty,
		At:       status.AskedAt,
	}
	status.Holds = []contract.HoldState{{Access: contract.Access{
		Target:      "orders-db",
		Account:     nasty,
		Entitlement: []byte(`{"role":"<b>x</b>\u202e","list":["a","<i>"],"deep":{"a":[1,"</code>"]}}`),
	}, Problem: nasty}}
	d.Record(
		t,
		status,
		contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice", Said: nasty, Detail: nasty},
	)
	alice := d.signedIn(t, "alice")

	for _, path := range []string{"/", "/requests/" + status.ID, "/ask/read-logs?reason=" + url.QueryEscape(nasty)} {
		text := alice.get(path).text
		require.Contains(t, text, "&lt;script&gt;alert(1)&lt;/script&gt;", path)
		for _, markup := range []string{"<script>", "<img src=x", "<b>x", "onerror=\""} {
			require.NotContains(t, text, markup, path)
		}
		require.Equal(t, 1, strings.Count(text, "<script"), "only our own")
	}
	shown := alice.get("/requests/" + status.ID).text
	require.Contains(t, shown, `a, &lt;i&gt;`)
	require.Contains(t, shown, `&lt;b&gt;x&lt;/b&gt;\u202e`, "what would reorder an entitlement is written out")
	require.Contains(t, shown, `{&#34;a&#34;:[1,&#34;&lt;/code&gt;&#34;]}`, "nothing of an entitlement is left out")
}

func TestEveryPageIsHardened(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	alice := d.signedIn(t, "alice")
	for _, path := range []string{"/", "/ask", "/ask/read-logs", "/requests/x", "/news"} {
		header := alice.get(path).Header
		policy := header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'")
		require.Contains(t, policy, "script-src 'self'")
		require.NotContains(t, policy, "unsafe")
		require.Equal(t, "no-store", header.Get("Cache-Control"), path)
		require.Equal(t, "DENY", header.Get("X-Frame-Options"))
	}
	text := alice.get("/").text
	require.NotContains(t, text, " style=")
	require.NotContains(t, text, " onclick=")
	require.NotContains(t, text, "//", "nothing comes from elsewhere")
}

func TestWhatCannotBeShownAsItWasAskedForCannotBeReviewed(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	status := startertest.Status(contract.StatePending) // the ledger knows it, and no workflow does
	d.Record(
		t,
		status,
		contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice", Said: "the checkout hangs"},
	)

	page := d.signedIn(t, "carol").get("/requests/" + status.ID)

	require.Equal(t, http.StatusOK, page.StatusCode)
	require.Contains(t, page.text, "the checkout hangs")
	require.Contains(t, page.text, "You cannot review it now")
	require.NotContains(t, page.text, `name="verdict"`)
}
