package promises

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/cmd/compose"
	"curfew/internal/metrics"
	"curfew/workflows/contract"
)

// measured is a process of Curfew that serves its metrics, as the command composes it.
type measured struct {
	t   testing.TB
	url string
}

// measure composes a process, and runs it until the test ends.
func (h *house) measure(run func(context.Context, *compose.App) error) *measured {
	h.t.Helper()
	app, err := compose.Open(h.t.Context(), h.live, zap.NewNop())
	require.NoError(h.t, err)
	listener := listen(h.t)
	ctx, stop := context.WithCancel(context.WithoutCancel(h.t.Context()))
	ended := make(chan error, 2)
	go func() { ended <- run(ctx, app) }()
	go func() { ended <- app.ServeMetrics(ctx, listener) }()
	h.t.Cleanup(func() {
		stop()
		require.NoError(h.t, <-ended)
		require.NoError(h.t, <-ended)
		require.NoError(h.t, app.Close())
	})
	return &measured{h.t, "http://" + listener.Addr().String()}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return listener
}

// scrape is all that Prometheus gets.
func (m *measured) scrape() string {
	m.t.Helper()
	request, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, m.url+metrics.PathMetrics, http.NoBody)
	require.NoError(m.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(m.t, err)
	defer response.Body.Close()
	require.Equal(m.t, http.StatusOK, response.StatusCode)
	text, err := io.ReadAll(response.Body)
	require.NoError(m.t, err)
	return string(text)
}

// value is that of a series, whose labels are in alphabetical order; zero when it is not there.
func (m *measured) value(series string) float64 {
	m.t.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(m.scrape())
	if found == nil {
		return 0
	}
	value, err := strconv.ParseFloat(found[1], 64)
	require.NoError(m.t, err)
	return value
}

// reaches waits until a series has at least a value.
func (m *measured) reaches(series string, value float64) {
	m.t.Helper()
	require.Eventually(m.t, func() bool { return m.value(series) >= value }, patience, 100*time.Millisecond,
		"%s never was %v", series, value)
}

func TestTheLifeOfARequestMovesTheMetricsAndNamesNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hooked)
	api := listen(t)
	server := h.measure(func(ctx context.Context, app *compose.App) error { return app.Serve(ctx, api) })
	worker := h.measure(func(ctx context.Context, app *compose.App) error { return app.Work(ctx, "") })

	expires := h.active(alice, "both", 3*time.Second)
	d := &desk{house: h, url: "http://" + api.Addr().String() + "/v1/hooks/"}
	d.order(
		fmt.Sprintf(
			`{"id":"tonight","action":"start","template":"orders","reason":"the nightly repair","ticket":%q}`,
			key,
		),
	)
	require.InDelta(t, 1, server.value(`curfew_webhooks_total{answer="202",source="cron"}`), 0)
	ordered := h.only(ledger.Filter{Template: "orders"})
	h.approve(bob, ordered.ID)
	h.await(ordered.ID, contract.StateActive)
	server.reaches(`curfew_grants{target="orders-db"}`, 1)
	server.reaches(`curfew_requests{state="active",template="orders"}`, 1)
	_, err := h.starter.Current().Revoke(t.Context(), alice, ordered.ID, "the repair is done")
	require.NoError(t, err)
	h.ended(ordered.ID)
	h.ended(expires.ID)

	for series, value := range map[string]float64{
		`curfew_request_events_total{event="requested",source="other",template="both"}`:         1,
		`curfew_request_events_total{event="granted",source="hooks/cron",template="orders"}`:    1,
		`curfew_requests_ended_total{outcome="expired",source="other",template="both"}`:         1,
		`curfew_requests_ended_total{outcome="revoked",source="hooks/cron",template="orders"}`:  1,
		`curfew_request_decision_seconds_count{decision="approved",template="both"}`:            1,
		`curfew_request_grant_seconds_count{template="orders"}`:                                 1,
		`curfew_request_usable_seconds_count{source="hooks/cron"}`:                              1,
		`curfew_target_call_duration_seconds_count{operation="Grant",target="lightrun-prod"}`:   1,
		`curfew_target_call_duration_seconds_count{operation="Revoke",target="lightrun-prod"}`:  1,
		`curfew_target_call_duration_seconds_count{operation="EndSessions",target="orders-db"}`: 1,
		`curfew_ledger_call_duration_seconds_count{operation="Append"}`:                         5,
		`curfew_ledger_lock_wait_seconds_count`:                                                 4,
		`curfew_outbox_age_seconds_count{outbox="ledger"}`:                                      4,
		`curfew_outbox_age_seconds_count{outbox="ticket"}`:                                      2,
	} {
		require.GreaterOrEqual(t, worker.value(series), value, series)
	}
	ended := 0.0
	for _, by := range []string{target.ByGrant, target.BySecondWorker, target.ByWatchdog} { // by the machine's load
		ended += worker.value(`curfew_end_lateness_seconds_count{by="` + by + `",target="lightrun-prod"}`)
	}
	require.InDelta(t, 1, ended, 0)
	require.Zero(t, worker.value(`curfew_ends_waiting`))
	for name, process := range map[string]*measured{"server": server, "worker": worker} {
		text := process.scrape()
		require.Contains(t, text, "temporal_request_total{", name)
		for _, secret := range []string{
			expires.ID, ordered.ID, alice, bob, carol, hana, frank, erin, "alice@example.org", h.database.alice,
			h.database.role, "orders are late", "nightly", "repair", "go ahead", key, pool, h.token, hookSecret,
		} {
			require.NotRegexp(t, `(?i)\b`+regexp.QuoteMeta(secret)+`\b`, text, "the %s tells", name)
		}
	}
}
