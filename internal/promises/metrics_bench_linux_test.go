package promises

import (
	"context"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/activities/ledger"
	"curfew/internal/metrics"
	temporalmetrics "curfew/internal/metrics/temporal"
	"curfew/internal/reload"
	"curfew/worker"
	"curfew/workflows/contract"
)

const (
	measuredLives = 25
	warmingLives  = 3
	measuredCalls = 200_000 // of one observation, to know what it costs
)

// BenchmarkMetrics: what metrics cost of the processor time of whole lives, from the request to the revoke. Lives with
// metrics and without differ by less than two runs of the same. So one run takes the processor time of lives, counts
// what was observed in them, and times observations: what they cost is the one times the other. The dearer of the two
// sorts of observation counts for all.
func BenchmarkMetrics(b *testing.B) {
	h := newHouse(b)
	m, stop := h.workMeasured()
	defer stop()
	for range warmingLives {
		h.life()
	}
	var spent time.Duration
	observed := 0.0
	for range b.N {
		before, began := observations(b, m), processorTime(b)
		for range measuredLives {
			h.life()
		}
		spent += processorTime(b) - began
		observed += observations(b, m) - before
	}
	lives := float64(b.N * measuredLives)
	perLife, perCall := spent.Seconds()/lives, costOfOne(b, h.live).Seconds()
	b.ReportMetric(1000*perLife, "cpu-ms/request")
	b.ReportMetric(observed/lives, "observations/request")
	b.ReportMetric(1e9*perCall, "cpu-ns/observation")
	b.ReportMetric(100*observed/lives*perCall/perLife, "overhead-%")
	b.ReportMetric(0, "ns/op")
}

// observations is how many the metrics have taken so far.
func observations(t testing.TB, m *metrics.Metrics) (n float64) {
	t.Helper()
	families, err := m.Registry().Gather()
	require.NoError(t, err)
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "curfew_") && !strings.HasPrefix(family.GetName(), "temporal_") {
			continue
		}
		for _, metric := range family.GetMetric() {
			n += metric.GetCounter().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		}
	}
	return n
}

// costOfOne is the processor time of one observation, of the SDK's or of Curfew's own, whichever is dearer.
func costOfOne(t testing.TB, live *reload.Live) time.Duration {
	t.Helper()
	m := metrics.New(live)
	sdk := temporalmetrics.New(m.Registry())
	tags := map[string]string{"operation": "RespondActivityTaskCompleted", "task_queue": contract.TaskQueue}
	dearest := time.Duration(0)
	for _, observe := range []func(){
		func() { m.TargetCalled("orders-db", "Grant", time.Millisecond, nil) },
		func() { sdk.WithTags(tags).Timer("temporal_request_latency").Record(time.Millisecond) },
	} {
		began := processorTime(t)
		for range measuredCalls {
			observe()
		}
		dearest = max(dearest, (processorTime(t)-began)/measuredCalls)
	}
	return dearest
}

// life is one request, from the beginning to the end.
func (h *house) life() {
	h.t.Helper()
	status := h.active(alice, "orders", time.Hour)
	_, err := h.starter.Current().Revoke(h.t.Context(), alice, status.ID, "done")
	require.NoError(h.t, err)
	h.ended(status.ID)
}

// workMeasured runs a worker as the command composes it, with metrics.
func (h *house) workMeasured() (m *metrics.Metrics, stop func()) {
	h.t.Helper()
	store, ok := h.ledger.(ledger.Store)
	require.True(h.t, ok)
	options := client.Options{
		HostPort: h.temporal.Address, Namespace: contract.Namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}
	composed := worker.Options{Config: h.live, Log: zap.NewNop(), Verifier: h.verifier, Signer: h.decider}
	m = metrics.New(h.live)
	options.MetricsHandler = temporalmetrics.New(m.Registry())
	composed.Observer, store = m, ledger.Observe(store, m)
	temporal, err := client.DialContext(h.t.Context(), options)
	require.NoError(h.t, err)
	targets, faults := kinds.OpenTargets(h.config.Targets)
	require.Empty(h.t, faults)
	composed.Temporal, composed.Targets, composed.Tickets = temporal, targets, h.tracker()
	composed.Events, composed.Holdings, composed.Tombstones = store, store, store
	composed.Alarms, composed.Decisions = store, store
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx, composed) }()
	return m, func() {
		cancel()
		require.NoError(h.t, <-done)
		temporal.Close()
	}
}

// processorTime is what this process has used.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
