package metrics

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/workflows/contract"
)

func measured() *Metrics {
	return New(reload.Fixed(&config.Config{
		Templates: map[string]config.Template{"orders": {}},
		Targets:   map[string]config.Target{"orders-db": {}},
		Hooks:     map[string]config.Hook{"ci": {}},
		Notify:    map[string]config.System{"chat": {}},
	}))
}

// scrape is what Prometheus reads.
func scrape(t *testing.T, m *Metrics, path string, ready error) (status int, body string) {
	t.Helper()
	server := httptest.NewServer(m.Handler(func(context.Context) error { return ready }))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, http.NoBody)
	require.NoError(t, err)
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

func TestLabelsAreNamesOfTheConfigurationOrOfFixedLists(t *testing.T) {
	t.Parallel()
	m := measured()
	const invented = "01JZZZZZZZZZZZZZZZZZZZZZZZ"
	now := time.Now()
	event := func(kind contract.EventKind) contract.Event {
		return contract.Event{Request: invented, Kind: kind, At: now, Actor: invented, Said: invented, Detail: invented}
	}
	status := contract.Status{
		ID: invented, State: contract.StateEnded, Outcome: invented, Template: invented, Source: "hooks/" + invented,
		Requester: invented, Subject: invented, AskedAt: now,
	}
	m.Recorded(
		nil,
		[]contract.Event{event(invented), event(contract.EventApproved), event(contract.EventGranted)},
		status,
	)
	status.Source = invented
	m.Recorded(nil, []contract.Event{event(contract.EventDenied)}, status)
	m.Ended(invented, "grant", time.Second)
	m.TargetCalled(invented, "Grant", time.Second, errors.New(invented))
	m.LedgerCalled("Append", time.Second, contract.Unavailable("%s", invented))
	m.AlarmRaised(invented)
	m.Notified(invented, 1, 0, 0)
	m.WebhookAnswered(invented, 4711)
	m.Counted(Census{
		At:       now,
		Requests: []RequestCount{{State: invented, Template: invented, Requests: 1}},
		Grants:   []GrantCount{{Target: invented, Live: 1}},
	})
	_, text := scrape(t, m, PathMetrics, nil)
	require.NotContains(t, text, invented)
	require.Contains(t, text, `curfew_webhooks_total{answer="other",source="other"} 1`)
	require.Contains(t, text, `curfew_requests_ended_total{outcome="other",source="hooks/other",template="other"} 1`)
	require.Contains(t, text, `curfew_grants{target="other"} 1`)
	require.Contains(t, text, `curfew_ledger_call_errors_total{kind="Unavailable",operation="Append"} 1`)
}

// The clock of one process may be behind that of another.
func TestNothingTakesLessThanNoTime(t *testing.T) {
	t.Parallel()
	m, now := measured(), time.Now()
	m.Recorded(nil, []contract.Event{{Kind: contract.EventApproved, At: now}},
		contract.Status{Template: "orders", AskedAt: now.Add(time.Hour)})
	m.Ended("orders-db", "grant", -time.Second)
	_, text := scrape(t, m, PathMetrics, nil)
	require.Contains(t, text, `curfew_request_decision_seconds_sum{decision="approved",template="orders"} 0`)
	require.Contains(t, text, `curfew_end_lateness_seconds_bucket{by="grant",target="orders-db",le="0.025"} 1`)
}

func TestTheGrantIsTimedFromTheApprovalThatWasRecordedBefore(t *testing.T) {
	t.Parallel()
	m, now := measured(), time.Now()
	m.Recorded(
		[]contract.Event{{Kind: contract.EventApproved, At: now.Add(-2 * time.Second)}},
		[]contract.Event{{Kind: contract.EventGranted, At: now}},
		contract.Status{Template: "orders", Source: "web", AskedAt: now.Add(-8 * time.Second)},
	)
	_, text := scrape(t, m, PathMetrics, nil)
	require.Contains(t, text, `curfew_request_grant_seconds_sum{template="orders"} 2`)
	require.Contains(t, text, `curfew_request_usable_seconds_sum{source="web"} 8`)
}

func TestACensusThatIsOldIsLeftOutAndItsAgeIsNot(t *testing.T) {
	t.Parallel()
	m := measured()
	taken := time.Now().Add(-staleAfter - time.Second)
	m.Counted(Census{At: taken, Grants: []GrantCount{{Target: "orders-db", Live: 3}}})
	_, text := scrape(t, m, PathMetrics, nil)
	require.NotContains(t, text, "curfew_grants{")
	require.Contains(t, text, "curfew_census_timestamp_seconds")
	m.Counted(Census{At: time.Now(), Grants: []GrantCount{{Target: "orders-db", Live: 3, Overdue: 1}}})
	_, text = scrape(t, m, PathMetrics, nil)
	require.Contains(t, text, `curfew_grants{target="orders-db"} 3`)
	require.Contains(t, text, `curfew_grants_overdue{target="orders-db"} 1`)
}

func TestAProcessSaysWhetherItRunsAndCanWork(t *testing.T) {
	t.Parallel()
	status, _ := scrape(t, measured(), PathHealth, errors.New("no ledger"))
	require.Equal(t, http.StatusOK, status)
	status, text := scrape(t, measured(), PathReady, contract.Unavailable("the ledger does not answer"))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "the ledger does not answer\n", text)
	status, _ = scrape(t, measured(), PathReady, nil)
	require.Equal(t, http.StatusOK, status)
}
