package zephyr_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ticket/zephyr"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/zephyr"
	"curfew/workflows/contract"
)

const (
	token = "token-of-curfew"
	page  = "https://curfew.example.com/requests/r1"
)

// issues stands for Jira: the issue 10042 is OPS-7, and 10043 is there for nobody.
type issues struct{}

func (issues) KeyOf(_ context.Context, id int64) (string, error) {
	switch id {
	case 10042:
		return "OPS-7", nil
	case 10043:
		return "", contract.NotFound("Jira has no ticket %d", id).At("ticket").Advise("check the key")
	}
	return "", contract.Unavailable("Jira is down").Advise("wait")
}

// site is one Zephyr, and our view of it.
type site struct {
	*double.Server
	sandbox.Faults
	*zephyr.System
	requests atomic.Int64
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Server: double.New(token)}
	s.AddCycle("OPS-R12", 10042, 10042)
	s.AddCycle("OPS-R13")
	s.AddCycle("OPS-R14", 10042, 10044)
	s.AddCycle("OPS-R15", 10043)
	s.AddCycle("OPS-R16", 10044)
	s.AddExecution("OPS-E345", "OPS-R13", 10042)
	s.AddExecution("OPS-E346", "", 10042)
	faulty := s.Wrap(s.Handler())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		faulty.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.System = open(t, server.URL+double.Base, token)
	return s
}

func open(t *testing.T, address, token string) *zephyr.System {
	t.Helper()
	system, err := zephyr.New(zephyr.Settings{URL: address, Token: config.SecretOf(token)}, issues{})
	require.NoError(t, err)
	return system
}

// requireProblem returns the problem that an error is.
func requireProblem(t *testing.T, err error, kind contract.Kind) *contract.Problem {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "want a problem, got %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.NotEmpty(t, problem.Fix)
	require.NotContains(t, problem.Error(), token)
	return problem
}

func TestAReferenceLeadsToTheOneTicketThatItIsLinkedTo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, reference := range []string{"OPS-R12", "OPS-E345", "OPS-E346"} {
		key, err := s.Resolve(t.Context(), reference)
		require.NoError(t, err, reference)
		require.Equal(t, "OPS-7", key)
	}
}

func TestAReferenceThatLeadsToNoOneTicketIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for reference, want := range map[string]struct {
		kind contract.Kind
		says string
	}{
		"OPS-R13":  {contract.KindInvalid, "OPS-R13 is linked to 0 tickets"},
		"OPS-R14":  {contract.KindInvalid, "OPS-R14 is linked to 2 tickets"},
		"OPS-R15":  {contract.KindNotFound, "the ticket that OPS-R15 is linked to is not to be seen"},
		"OPS-R404": {contract.KindNotFound, "Zephyr has no OPS-R404"},
		"OPS-E404": {contract.KindNotFound, "Zephyr has no OPS-E404"},
	} {
		_, err := s.Resolve(t.Context(), reference)
		problem := requireProblem(t, err, want.kind)
		require.Equal(t, "zephyr", problem.Field)
		require.Equal(t, want.says, problem.Fault)
	}
	_, err := s.Resolve(t.Context(), "OPS-R16")
	requireProblem(t, err, contract.KindUnavailable)
}

func TestAMalformedReferenceNeverReachesZephyr(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, reference := range []string{"", "OPS-7", "OPS-T1", "ops-R12", "OPS-R12/..", "OPS-R12\n", "OPS-R0", strings.Repeat("X", 1000)} {
		_, err := s.Resolve(t.Context(), reference)
		for _, err := range []error{err, s.Link(t.Context(), reference, page, "Curfew")} {
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, "zephyr", problem.Field)
			require.Less(t, len(problem.Error()), 250)
		}
	}
	require.Zero(t, s.requests.Load())
}

func TestALinkBackIsThereOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Add(sandbox.Fault{Method: http.MethodPost, Times: 1, LoseReply: true})
	requireProblem(t, s.Link(t.Context(), "OPS-R12", page, "Curfew\ndebug-prod"), contract.KindUnavailable)
	for range 2 {
		require.NoError(t, s.Link(t.Context(), "OPS-R12", page, "Curfew\ndebug-prod"))
	}
	links := s.WebLinks("OPS-R12")
	require.Len(t, links, 1)
	require.Equal(t, page, links[0].URL)
	require.Equal(t, "Curfew debug-prod", links[0].Description)
	require.NoError(t, s.Link(t.Context(), "OPS-R12", page+"2", "Curfew"))
	require.Len(t, s.WebLinks("OPS-R12"), 2)
}

func TestALinkBackFromAnExecutionIsAtItsCycle(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.NoError(t, s.Link(t.Context(), "OPS-E345", page, "Curfew"))
	require.Len(t, s.WebLinks("OPS-R13"), 1)
	require.NoError(t, s.Link(t.Context(), "OPS-E346", page, "Curfew"), "one outside of any cycle shows none")
}

func TestTroubleThatMayPassIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault sandbox.Fault
		wait  time.Duration
	}{
		"too many requests":       {sandbox.Fault{Status: 429, RetryAfter: "30"}, 30 * time.Second},
		"too many, wait for days": {sandbox.Fault{Status: 429, RetryAfter: "864000"}, time.Hour},
		"not in service":          {sandbox.Fault{Status: 503}, 0},
		"a token that is none":    {sandbox.Fault{Status: 401}, 0},
		"a redirect":              {sandbox.Fault{Status: 302}, 0},
		"down":                    {sandbox.Fault{Down: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			s.Add(tc.fault)
			_, err := s.Resolve(t.Context(), "OPS-R12")
			for _, err := range []error{err, s.Link(t.Context(), "OPS-R12", page, "Curfew")} {
				require.Equal(t, tc.wait, requireProblem(t, err, contract.KindUnavailable).RetryAfter.Duration)
			}
			s.Clear()
			require.NoError(t, s.Link(t.Context(), "OPS-R12", page, "Curfew"))
		})
	}
}

func TestARefusalIsDeniedAndBounded(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"errorCode":403,"message":"`+strings.Repeat(`no\n`, 10000)+`"}`)
	}))
	t.Cleanup(server.Close)
	problem := requireProblem(
		t,
		open(t, server.URL, token).Link(t.Context(), "OPS-R12", page, "Curfew"),
		contract.KindDenied,
	)
	require.Less(t, len(problem.Error()), 1000)
	require.NotContains(t, problem.Fault, "\n")
}

func TestWhatIsNotZephyrIsNotBelieved(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"a sign-in page":           func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"a page that is not there": http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answer)
			t.Cleanup(server.Close)
			_, err := open(t, server.URL, token).Resolve(t.Context(), "OPS-R12")
			require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fix, "tickets.zephyr.url")
		})
	}
}

func TestSettingsAndCallersThatGoAwayAreTold(t *testing.T) {
	t.Parallel()
	_, err := zephyr.New(zephyr.Settings{URL: "zephyr"}, issues{})
	require.Equal(t, "tickets.zephyr.url", requireProblem(t, err, contract.KindInvalid).Field)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = newSite(t).Resolve(ctx, "OPS-R12")
	require.ErrorIs(t, err, context.Canceled)
}
