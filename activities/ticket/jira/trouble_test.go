package jira_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ticket/jira"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/jira"
	"curfew/workflows/contract"
)

func TestTroubleThatPassesIsUnavailable(t *testing.T) {
	for name, tc := range map[string]struct {
		fault sandbox.Fault
		wait  time.Duration
	}{
		"too many requests":                     {fault: sandbox.Fault{Status: 429}},
		"too many requests, wait for 7 seconds": {sandbox.Fault{Status: 429, RetryAfter: "7"}, 7 * time.Second},
		"too many requests, don't wait":         {fault: sandbox.Fault{Status: 429, RetryAfter: "0"}},
		"too many requests, wait for ever":      {sandbox.Fault{Status: 429, RetryAfter: "99999999999"}, time.Hour},
		"too many requests, wait since 1999":    {fault: sandbox.Fault{Status: 429, RetryAfter: "Fri, 31 Dec 1999 23:59:59 GMT"}},
		"too many requests, wait until 9999":    {sandbox.Fault{Status: 429, RetryAfter: "Fri, 31 Dec 9999 23:59:59 GMT"}, time.Hour},
		"too many requests, wait for what":      {fault: sandbox.Fault{Status: 429, RetryAfter: "-5 potatoes"}},
		"not in service, wait for a minute":     {sandbox.Fault{Status: 503, RetryAfter: "60"}, time.Minute},
		"bad gateway":                           {fault: sandbox.Fault{Status: 502}},
		"conflicting update":                    {fault: sandbox.Fault{Status: 409}},
		"down":                                  {fault: sandbox.Fault{Down: true}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, nil, func(t *testing.T, s *site) {
				s.Add(tc.fault)
				_, err := s.Find(t.Context(), "OPS-7")
				for _, err := range []error{
					err, s.Check(t.Context()), s.Comment(t.Context(), "OPS-7", entry(1)), s.Link(t.Context(), "OPS-7", link()),
				} {
					problem := requireProblem(t, err, contract.KindUnavailable)
					require.Equal(t, tc.wait, problem.RetryAfter.Duration)
					require.NotEmpty(t, problem.Fix)
				}
				s.Clear()
				require.NoError(t, s.Comment(t.Context(), "OPS-7", entry(1)), "it works when the trouble is over")
			})
		})
	}
}

func TestAWaitUntilAnInstantIsMeasuredByJirasClock(t *testing.T) {
	t.Parallel()
	system := impostor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", "Mon, 01 Jan 2001 12:00:00 GMT")
		w.Header().Set("Retry-After", "Mon, 01 Jan 2001 12:00:30 GMT")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	require.Equal(
		t,
		30*time.Second,
		requireProblem(t, system.Check(t.Context()), contract.KindUnavailable).RetryAfter.Duration,
	)
}

func TestRefusalsAreDenied(t *testing.T) {
	for _, status := range []int{400, 403, 405, 410, 413, 422} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			onBoth(t, nil, func(t *testing.T, s *site) {
				s.Add(sandbox.Fault{Method: http.MethodPost, Status: status})
				requireProblem(t, s.Comment(t.Context(), "OPS-7", entry(1)), contract.KindDenied)
				requireProblem(t, s.Link(t.Context(), "OPS-7", link()), contract.KindDenied)
			})
		})
	}
}

func TestARefusalTellsJirasReason(t *testing.T) {
	onBoth(t, without("ADD_COMMENTS"), func(t *testing.T, s *site) {
		problem := requireProblem(t, s.Comment(t.Context(), "OPS-7", entry(1)), contract.KindDenied)
		require.Contains(t, problem.Fault, "comment: You do not have the permission to comment on this issue.")
	})
}

func TestARefusalsReasonIsBounded(t *testing.T) {
	t.Parallel()
	system := impostor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"errorMessages":["`+strings.Repeat(`x\n\u0000`, 10000)+`"],"errors":{"a":["list"]}}`)
	})
	problem := requireProblem(t, system.Check(t.Context()), contract.KindDenied)
	require.Less(t, len(problem.Fault), 1000)
	require.NotContains(t, problem.Fault, "\n")
	require.NotContains(t, problem.Fault, "\x00")
}

func TestAWrongTokenNamesTheToken(t *testing.T) {
	for name, public := range map[string]bool{"private site": false, "site that lets everybody in": true} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(o *double.Options) { o.Public = public }, func(t *testing.T, s *site) {
				settings := s.settings
				settings.Token = config.SecretOf("expired")
				system := open(t, settings)
				_, err := system.Find(t.Context(), "OPS-7")
				for _, err := range []error{
					err, system.Check(t.Context()), system.Comment(t.Context(), "OPS-7", entry(1)), system.Link(t.Context(), "OPS-7", link()),
				} {
					problem := requireProblem(t, err, contract.KindUnavailable)
					require.Contains(t, problem.Fix, "tickets.jira.token")
					require.NotContains(t, problem.Error(), "expired")
				}
			})
		})
	}
}

func without(permission string) func(*double.Options) {
	return func(o *double.Options) { o.Accounts[0].Lacks = []string{permission} }
}

func TestCheckPassesAnAccountThatMayDoAll(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) { require.NoError(t, s.Check(t.Context())) })
}

func TestCheckNamesTheMissingPermission(t *testing.T) {
	for _, permission := range []string{"BROWSE_PROJECTS", "ADD_COMMENTS", "LINK_ISSUES"} {
		t.Run(permission, func(t *testing.T) {
			onBoth(t, without(permission), func(t *testing.T, s *site) {
				problem := requireProblem(t, s.Check(t.Context()), contract.KindDenied)
				require.True(t, strings.HasSuffix(problem.Fault, " ("+permission+")"), problem.Fault)
				require.Equal(t, 1, strings.Count(problem.Fault, "("), "the others are not missing")
			})
		})
	}
}

// impostor is a server that is no Jira, taken for one.
func impostor(t *testing.T, answer http.HandlerFunc) *jira.System {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return open(
		t,
		jira.Settings{URL: server.URL, Deployment: jira.Cloud, User: email, Token: config.SecretOf(token)},
	)
}

func TestWhatIsNotJiraIsNotBelieved(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"a sign-in page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `{"accountId":"x"}`)
		},
		"another service's JSON": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"status":"ok"}`)
		},
		"broken JSON": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"accountId":`)
		},
		"a page that is not there": http.NotFound,
		"an endless reply": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			chunk := []byte(strings.Repeat(" ", 1<<20))
			for r.Context().Err() == nil {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			system := impostor(t, answer)
			_, err := system.Find(t.Context(), "OPS-7")
			for _, err := range []error{err, system.Check(t.Context()), system.Comment(t.Context(), "OPS-7", entry(1))} {
				require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fix, "tickets.jira.url")
			}
		})
	}
}

func TestTheTokenDoesNotFollowARedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }),
	)
	t.Cleanup(elsewhere.Close)
	system := impostor(
		t,
		func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
	)
	requireProblem(t, system.Check(t.Context()), contract.KindUnavailable)
}

func TestACallerThatGoesAwayIsToldSo(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, s.Comment(ctx, "OPS-7", entry(1)), context.Canceled)
	})
}
