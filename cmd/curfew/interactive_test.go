package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestARequestOnATerminalAsksForWhatIsMissingAndShowsWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	s := whole(t)
	alice := s.sit(t, "alice", "request")

	alice.shows("What do you need?", "debug-prod: Look into production", "look-round: Look round")
	alice.types(enter)
	alice.shows("For how long?", "At most 8h", "1h", "For which ticket?", "What do you need the access for?")
	alice.types(ctrlU + "9h" + enter)
	alice.shows("ask for 8h or less")
	alice.types(ctrlU + "2h" + enter)
	alice.shows("back • enter next")
	alice.types("OPS-404" + enter)
	alice.shows("enter submit")
	alice.types("the checkout hangs" + enter)
	alice.shows("there is no ticket OPS-404", "For which ticket?")
	alice.types(ctrlU + "OPS-7" + enter)
	alice.shows(
		"asks for   debug-prod for 2h: the checkout hangs",
		"waits for  approvals: 0 of 1, from Bob (bob)",
		"lapses     in ",
		"Ctrl-C",
	)

	asked := s.asked(t, "pending")
	require.Equal(t, 0, s.run(t, "bob", "approve", asked.ID).code)
	alice.ends(0)
	alice.shows(
		"state      active",
		"ends       in ",
		"use it     sign in as alice@example.org at lightrun-prod",
		"curfew revoke "+asked.ID,
	)
	require.NotContains(t, alice.String(), "Ctrl-C", "the picture is gone")
}

func TestWhatIsGivenIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	s := whole(t)
	alice := s.sit(t, "alice", "request", "look-round", "--reason", "curious")

	alice.shows("look-round for 1h: curious", "waits for  approvals: 0 of 1, from Bob (bob)")
	asked := s.asked(t, "pending")
	require.Equal(t, 0, s.run(t, "bob", "deny", asked.ID, "--reason", "not now").code)
	alice.ends(exitNoAccess)
	alice.shows("state      denied", "Bob (bob): deny: not now", "the request has ended without access")
}

func TestWhoeverStopsWaitingLeavesTheRequestStanding(t *testing.T) {
	t.Parallel()
	s := whole(t)
	for name, stop := range map[string]func(*sitting){
		"by a key":    func(alice *sitting) { alice.types(ctrlC) },
		"by a signal": func(alice *sitting) { alice.gets(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			alice := s.sit(t, "alice", "request", "look-round", "--reason", "curious")
			alice.shows("Ctrl-C stops the waiting")
			stop(alice)
			alice.ends(exitStanding)
			asked := s.asked(t, "pending")
			alice.shows("the request stands: curfew watch " + asked.ID)
			require.Equal(t, 0, s.run(t, "alice", "cancel", asked.ID).code)
		})
	}
}

func TestWhoeverLeavesAFormAsksForNothing(t *testing.T) {
	t.Parallel()
	s := whole(t)
	for name, environment := range map[string][]string{"a form": nil, "plain lines": {"ACCESSIBLE=1"}} {
		t.Run(name, func(t *testing.T) {
			alice := s.sitWith(t, environment, "alice", "request", "look-round")
			alice.shows("For how long?")
			alice.types(ctrlC)
			alice.ends(exitDeclined)
			alice.shows("nothing was changed")
			require.Equal(t, "no requests\n", s.run(t, "alice", "list", "--mine").out)
		})
	}
}

func TestNothingIsAskedWhereNobodyAnswers(t *testing.T) {
	t.Parallel()
	s := whole(t)

	quiet := s.sit(t, "alice", "request", "look-round", "--no-input")
	quiet.ends(exitRefused)
	quiet.shows("error: reason: a reason is missing")
	machine := s.sit(t, "alice", "request", "-o", "json")
	machine.ends(exitRefused)
	machine.shows("error: template: no template is named")
	require.Contains(t, s.run(t, "alice", "request").errors, "error: template: no template is named")
	broken := s.run(t, "alice", "request", "look-round", "--reason", "curious", "--break-glass")
	require.Equal(t, exitRefused, broken.code)
	require.Contains(
		t,
		broken.errors,
		"error: break-glass: it opens without the reviews that are asked for otherwise; add --yes",
	)
	require.Equal(t, "no requests\n", s.run(t, "alice", "list", "--mine").out)
}

func TestBreakGlassNeedsAConfirmation(t *testing.T) {
	t.Parallel()
	s := whole(t)

	alice := s.sit(t, "alice", "request", "look-round", "--reason", "orders are lost", "--break-glass")
	alice.shows("Use break-glass access?", "A second person has to review it afterwards.")
	alice.types(enter)
	alice.ends(exitDeclined)

	sure := s.sit(t, "alice", "request", "look-round", "--reason", "orders are lost", "--break-glass")
	sure.shows("Use break-glass access?")
	sure.types("y")
	sure.ends(exitRefused)
	sure.shows("alice may not use break-glass access to look-round")
}

func TestAnApprovalIsForWhatWasShown(t *testing.T) {
	t.Parallel()
	s := whole(t)
	bodies := s.intercept(t, nil)
	asked := s.ask(t)
	bob := s.sit(t, "bob", "approve", asked.ID, "--for", "30m")

	bob.shows(
		"requester    Alice (alice)",
		"template     debug-prod",
		"access       alice@example.org on lightrun-prod: {",
		"duration     2h of at most 8h",
		"reason       the checkout hangs",
		"you approve  at most 30m",
		"Approve this?",
	)
	bob.types("y")
	bob.ends(0)
	bob.shows("review     Bob (bob): approve for at most 30m")

	_, digest, err := s.Starter.Current().ReviewSubject(t.Context(), "bob", asked.ID)
	require.NoError(t, err)
	require.Contains(t, bodies(), `{"verdict":"approve","duration":"30m","digest":"`+digest+`"}`)
	require.Equal(t, asked.ID, s.asked(t, "active").ID)
}

// A server that is newer than the program may know of more than the program can show.
func TestNothingIsApprovedThatIsNotShownInFull(t *testing.T) {
	t.Parallel()
	s := whole(t)
	asked := s.ask(t)
	bodies := s.intercept(t, func(answer string) string {
		return strings.Replace(answer, `"template":"debug-prod"`, `"template":"look-round"`, 1)
	})

	bob := s.sit(t, "bob", "approve", asked.ID, "--yes")

	bob.ends(exitRefused)
	bob.shows("error: digest: it has just changed, or can't be shown in full")
	require.NotContains(t, bodies(), "verdict")
}

// intercept puts something between the program and the server that hears what is sent, and may change what is shown for
// review.
func (s *shell) intercept(t *testing.T, change func(string) string) (heard func() string) {
	t.Helper()
	server, err := url.Parse(s.server)
	require.NoError(t, err)
	var mu sync.Mutex
	var bodies strings.Builder
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(server) }}
	proxy.ModifyResponse = func(r *http.Response) error {
		if change == nil || !strings.HasSuffix(r.Request.URL.Path, "/review-subject") {
			return nil
		}
		answer, err := io.ReadAll(r.Body)
		changed := change(string(answer))
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(changed)), int64(len(changed))
		r.Header.Set("Content-Length", strconv.Itoa(len(changed)))
		return err
	}
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		bodies.Write(body)
		mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	s.server = between.URL
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return bodies.String()
	}
}

func TestWhoeverSaysNoToAnApprovalApprovesNothing(t *testing.T) {
	t.Parallel()
	s := whole(t)
	asked := s.ask(t)
	bob := s.sit(t, "bob", "approve", asked.ID)
	bob.shows("Approve this?")
	bob.types("n")
	bob.ends(exitDeclined)
	require.Contains(t, s.run(t, "bob", "show", asked.ID).out, "approvals  0 of 1")
}

func TestADenialAsksForItsReason(t *testing.T) {
	t.Parallel()
	s := whole(t)
	asked := s.ask(t)
	bob := s.sit(t, "bob", "deny", asked.ID)

	bob.shows("the checkout hangs", "Why do you deny it?")
	bob.types(enter)
	bob.shows("a reason is needed")
	bob.types("use the staging copy" + enter)
	bob.ends(0)
	bob.shows("state      denied", "review     Bob (bob): deny: use the staging copy")
}

// ask has alice ask for something that bob may review.
func (s *shell) ask(t *testing.T) (asked struct{ ID string }) {
	t.Helper()
	return document[struct{ ID string }](t, s.run(t, "alice", append(goodRequest, "-o", "json")...))
}
