package servicenow_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident/servicenow"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/servicenow"
	"curfew/workflows/contract"
)

func TestTroubleThatMayPassIsUnavailable(t *testing.T) {
	for name, tc := range map[string]struct {
		fault sandbox.Fault
		wait  time.Duration
	}{
		"the hour's calls are used up": {sandbox.Fault{Status: 429, RetryAfter: "120"}, 2 * time.Minute},
		"too many, no word of when":    {sandbox.Fault{Status: 429}, 0},
		"too many, wait for a day":     {sandbox.Fault{Status: 429, RetryAfter: "86400"}, time.Hour},
		"in maintenance":               {sandbox.Fault{Status: 503, RetryAfter: "60"}, time.Minute},
		"down":                         {fault: sandbox.Fault{Down: true}},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, nil, func(t *testing.T, i *instance) {
				i.Add(tc.fault)
				_, err := i.Find(t.Context(), number)
				for _, err := range []error{err, i.Check(t.Context()), i.AddNote(t.Context(), number, entry(1))} {
					problem := requireProblem(t, err, contract.KindUnavailable)
					require.Equal(t, tc.wait, problem.RetryAfter.Duration)
					require.NotEmpty(t, problem.Fix)
				}
				i.Clear()
				require.NoError(t, i.AddNote(t.Context(), number, entry(1)), "it works when the trouble is over")
			})
		})
	}
}

func TestAWaitUntilAnInstantIsMeasuredByServiceNowsClock(t *testing.T) {
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

func TestARefusalIsDeniedAndBounded(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 405} {
		system := impostor(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json;charset=UTF-8")
			w.WriteHeader(status)
			_, _ = io.WriteString(
				w,
				`{"error":{"message":"User Not Authorized","detail":"`+strings.Repeat(
					`x\n`,
					10000,
				)+`"},"status":"failure"}`,
			)
		})
		problem := requireProblem(t, system.Check(t.Context()), contract.KindDenied)
		require.Contains(t, problem.Fault, "User Not Authorized x")
		require.Less(t, len(problem.Error()), 1000)
		require.NotContains(t, problem.Fault, "\n")
	}
}

func TestCredentialsThatAreNotAcceptedAreNamed(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		settings := i.settings
		if settings.ClientID != "" {
			settings.ClientSecret = config.SecretOf("expired")
		} else {
			settings.Password = config.SecretOf("expired")
		}
		system := open(t, settings)
		_, err := system.Find(t.Context(), number)
		for _, err := range []error{err, system.Check(t.Context()), system.AddNote(t.Context(), number, entry(1))} {
			problem := requireProblem(t, err, contract.KindUnavailable)
			require.Contains(t, problem.Fix, "incidents.servicenow.client")
			require.NotContains(t, problem.Error(), "expired")
		}
	})
}

func TestATokenThatIsNotAcceptedAnyMoreIsRenewed(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		require.NoError(t, i.AddNote(t.Context(), number, entry(1)))
		i.RevokeTokens()
		require.NoError(t, i.AddNote(t.Context(), number, entry(2)))
		require.Len(t, i.Notes(number), 2)
	})
}

func TestCheckPassesAnAccountThatMayReadAll(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) { require.NoError(t, i.Check(t.Context())) })
}

func TestCheckNamesTheTableThatIsHidden(t *testing.T) {
	for _, table := range []string{"incident", "sys_journal_field", "sys_user"} {
		t.Run(table, func(t *testing.T) {
			onBoth(t, func(a *double.Account) { a.Hidden = []string{table} }, func(t *testing.T, i *instance) {
				require.Contains(t, requireProblem(t, i.Check(t.Context()), contract.KindDenied).Fix, table)
			})
		})
	}
}

// impostor is a server that is no ServiceNow, taken for one.
func impostor(t *testing.T, answer http.HandlerFunc) *servicenow.System {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return open(t, servicenow.Settings{URL: server.URL, User: "curfew", Password: config.SecretOf(secret)})
}

func TestWhatIsNotServiceNowIsNotBelieved(t *testing.T) {
	t.Parallel()
	reply := func(media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"a page of an instance that sleeps": reply("text/html", "<html>Your instance is hibernating</html>"),
		"another service's JSON":            reply("application/json", `{"status":"ok"}`),
		"broken JSON":                       reply("application/json", `{"result":`),
		"a result of another shape":         reply("application/json", `{"result":{"sys_id":1}}`),
		"a page that is not there":          http.NotFound,
		"a half-done reply": reply("application/json",
			`{"result":[],"error":{"message":"Transaction cancelled: maximum execution time exceeded"},"status":"failure"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			system := impostor(t, answer)
			_, err := system.Find(t.Context(), number)
			for _, err := range []error{err, system.Check(t.Context()), system.AddNote(t.Context(), number, entry(1))} {
				requireProblem(t, err, contract.KindUnavailable)
			}
		})
	}
}

func TestCredentialsDoNotFollowARedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }),
	)
	t.Cleanup(elsewhere.Close)
	away := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}
	requireProblem(t, impostor(t, away).Check(t.Context()), contract.KindUnavailable)

	server := httptest.NewServer(http.HandlerFunc(away))
	t.Cleanup(server.Close)
	byClient := open(t, servicenow.Settings{URL: server.URL, ClientID: "client", ClientSecret: config.SecretOf(secret)})
	requireProblem(t, byClient.Check(t.Context()), contract.KindUnavailable)
}

func TestACallerThatGoesAwayIsToldSo(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, i.AddNote(ctx, number, entry(1)), context.Canceled)
	})
}
