package pagerduty_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident/pagerduty"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/pagerduty"
	"curfew/workflows/contract"
)

// all calls everything that there is.
func all(ctx context.Context, system *pagerduty.System) map[string]error {
	_, find := system.Find(ctx, "PT4KHLK")
	_, onCall := system.OnCall(ctx, "PSHOP01")
	return map[string]error{
		"find":   find,
		"onCall": onCall,
		"note":   system.AddNote(ctx, "PT4KHLK", entry(1)),
		"check":  system.Check(ctx),
	}
}

func TestTroubleThatPassesIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault sandbox.Fault
		wait  time.Duration
	}{
		"too many requests":                     {fault: sandbox.Fault{Status: 429}},
		"too many requests, wait for 7 seconds": {sandbox.Fault{Status: 429, RetryAfter: "7"}, 7 * time.Second},
		"too many requests, wait for ever":      {sandbox.Fault{Status: 429, RetryAfter: "99999999999"}, time.Hour},
		"too many requests, wait since 1999":    {fault: sandbox.Fault{Status: 429, RetryAfter: "Fri, 31 Dec 1999 23:59:59 GMT"}},
		"too many requests, wait until 9999":    {sandbox.Fault{Status: 429, RetryAfter: "Fri, 31 Dec 9999 23:59:59 GMT"}, time.Hour},
		"too many requests, wait for what":      {fault: sandbox.Fault{Status: 429, RetryAfter: "-5 potatoes"}},
		"not in service, wait for a minute":     {sandbox.Fault{Status: 503, RetryAfter: "60"}, time.Minute},
		"bad gateway":                           {fault: sandbox.Fault{Status: 502}},
		"took too long":                         {fault: sandbox.Fault{Status: 408}},
		"down":                                  {fault: sandbox.Fault{Down: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, nil)
			a.Add(tc.fault)
			for call, err := range all(t.Context(), a.System) {
				problem := requireProblem(t, err, contract.KindUnavailable)
				require.Equal(t, tc.wait, problem.RetryAfter.Duration, call)
				require.NotEmpty(t, problem.Fix, call)
			}
			a.Clear()
			for call, err := range all(t.Context(), a.System) {
				require.NoError(t, err, "%s works when the trouble is over", call)
			}
		})
	}
}

func TestPagerDutysOwnHeaderSaysHowLongToWait(t *testing.T) {
	t.Parallel()
	a := newAccount(t, func(o *double.Options) { o.RateLimit = 1 })
	_, err := a.Find(t.Context(), "PT4KHLK")
	require.NoError(t, err)
	_, err = a.Find(t.Context(), "PT4KHLK")
	require.Equal(t, time.Minute, requireProblem(t, err, contract.KindUnavailable).RetryAfter.Duration)
}

func TestAWaitUntilAnInstantIsMeasuredByPagerDutysClock(t *testing.T) {
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
	t.Parallel()
	for _, status := range []int{400, 402, 403, 405, 410, 422} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			a := newAccount(t, nil)
			a.Add(sandbox.Fault{Status: status})
			for _, err := range all(t.Context(), a.System) {
				require.NotEmpty(t, requireProblem(t, err, contract.KindDenied).Fix)
			}
		})
	}
}

func TestAKeyThatMayOnlyReadIsDenied(t *testing.T) {
	t.Parallel()
	a := newAccount(t, func(o *double.Options) { o.ReadOnly = true })
	problem := requireProblem(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)), contract.KindDenied)
	require.Contains(t, problem.Fault, "Access Denied")
	require.Contains(t, problem.Fix, "read and write")
}

func TestARefusalsReasonIsBounded(t *testing.T) {
	t.Parallel()
	system := impostor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":{"code":2001,"message":"`+strings.Repeat(`x\n\u0000`, 10000)+`"}}`)
	})
	problem := requireProblem(t, system.Check(t.Context()), contract.KindDenied)
	require.Less(t, len(problem.Fault), 1000)
	require.NotContains(t, problem.Fault, "\n")
	require.NotContains(t, problem.Fault, "\x00")
}

func TestAWrongKeyNamesTheKey(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	settings := a.settings
	settings.Token = config.SecretOf("expired")
	for _, err := range all(t.Context(), open(t, settings)) {
		problem := requireProblem(t, err, contract.KindUnavailable)
		require.Contains(t, problem.Fix, "incidents.pagerduty.token")
		require.NotContains(t, problem.Error(), "expired")
	}
}

// impostor is a server that is no PagerDuty, taken for one.
func impostor(t *testing.T, answer http.HandlerFunc) *pagerduty.System {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return open(t, pagerduty.Settings{URL: server.URL, Token: config.SecretOf(key), From: email})
}

func answering(media, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		_, _ = io.WriteString(w, text)
	}
}

func TestWhatIsNotPagerDutyIsNotBelieved(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"a sign-in page":           answering("text/html", `{"incident":{"id":"PT4KHLK","status":"triggered","service":{"id":"PSHOP01"}}}`),
		"another service's JSON":   answering("application/json", `{"status":"ok"}`),
		"broken JSON":              answering("application/json", `{"incident":`),
		"another incident":         answering("application/json", `{"incident":{"id":"POTHER1","status":"triggered","service":{"id":"PSHOP01"}}}`),
		"a state that is none":     answering("application/json", `{"incident":{"id":"PT4KHLK","status":"happy","service":{"id":"PSHOP01"}}}`),
		"no service":               answering("application/json", `{"incident":{"id":"PT4KHLK","status":"triggered"}}`),
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
			_, err := impostor(t, answer).Find(t.Context(), "PT4KHLK")
			require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fix, "incidents.pagerduty.url")
		})
	}
}

func TestAnAddressThatIsNoWebPagesIsLeftOut(t *testing.T) {
	t.Parallel()
	found, err := impostor(t, answering(
		"application/json",
		`{"incident":{"id":"PT4KHLK","status":"triggered","created_at":"2026-11-01T12:00:00Z","html_url":"javascript:alert(1)","service":{"id":"PSHOP01"}}}`,
	)).Find(t.Context(), "PT4KHLK")
	require.NoError(t, err)
	require.Empty(t, found.URL)
}

func TestTheKeyDoesNotFollowARedirect(t *testing.T) {
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
	t.Parallel()
	a := newAccount(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, a.AddNote(ctx, "PT4KHLK", entry(1)), context.Canceled)
}
