package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"curfew/workflows/contract"
)

// ledgerMetrics are of the calls to the ledger.
type ledgerMetrics struct {
	queries  *prometheus.HistogramVec
	failures *prometheus.CounterVec
	locks    prometheus.Observer
}

func newLedgerMetrics(m *Metrics) ledgerMetrics {
	return ledgerMetrics{
		queries: m.histograms("ledger_call_duration_seconds", "Calls to the ledger.", callBuckets, "operation"),
		failures: m.counters(
			"ledger_call_errors_total",
			"Calls to the ledger that failed, by the kind of the error.",
			"operation",
			"kind",
		),
		locks: m.histograms(
			"ledger_lock_wait_seconds",
			"How long the lock of a holding was waited for.",
			callBuckets,
		).WithLabelValues(),
	}
}

// LedgerCalled times a call to the ledger. The operation comes from the fixed list of the caller.
func (m *Metrics) LedgerCalled(operation string, took time.Duration, err error) {
	m.queries.WithLabelValues(operation).Observe(took.Seconds())
	if err != nil {
		m.ledgerMetrics.failures.WithLabelValues(operation, m.labels.cause(err)).Inc()
	}
}

// HoldingLocked takes down how long the lock of a holding was waited for.
func (m *Metrics) HoldingLocked(waited time.Duration) { m.locks.Observe(waited.Seconds()) }

// AlarmRaised counts an alarm.
func (m *Metrics) AlarmRaised(kind contract.AlarmKind) {
	m.alarms.WithLabelValues(among(m.labels.alarms, kind)).Inc()
}
