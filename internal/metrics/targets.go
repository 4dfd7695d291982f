package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// endMetrics are of how access ends.
type endMetrics struct {
	lateness *prometheus.HistogramVec
	waiting  prometheus.Gauge
}

func newEndMetrics(m *Metrics) endMetrics {
	return endMetrics{
		lateness: m.histograms(
			"end_lateness_seconds",
			"From the instant when access was to end until it was seen to be gone, by who ended it: grant, second-worker, "+
				"watchdog or end-now.",
			latenessBuckets,
			"target",
			"by",
		),
		waiting: m.gauges("ends_waiting", "Ends that wait in this worker for their instant.").WithLabelValues(),
	}
}

// Ended takes down how late access was seen to be gone. Who ended it comes from the fixed list of the caller.
func (m *Metrics) Ended(target, by string, late time.Duration) {
	m.lateness.WithLabelValues(m.labels.target(target), by).Observe(max(late.Seconds(), 0))
}

// EndsWaiting counts the ends that begin to wait, and with a negative number those that are done with it.
func (m *Metrics) EndsWaiting(more int) { m.waiting.Add(float64(more)) }

// targetMetrics are of the calls to targets.
type targetMetrics struct {
	calls    *prometheus.HistogramVec
	failures *prometheus.CounterVec
}

func newTargetMetrics(m *Metrics) targetMetrics {
	return targetMetrics{
		calls: m.histograms(
			"target_call_duration_seconds", "Calls to targets.", callBuckets, "target", "operation"),
		failures: m.counters(
			"target_call_errors_total",
			"Calls to targets that failed, by the kind of the error.",
			"target",
			"operation",
			"kind",
		),
	}
}

// TargetCalled times a call to a target. The operation comes from the fixed list of the caller.
func (m *Metrics) TargetCalled(target, operation string, took time.Duration, err error) {
	target = m.labels.target(target)
	m.calls.WithLabelValues(target, operation).Observe(took.Seconds())
	if err != nil {
		m.targetMetrics.failures.WithLabelValues(target, operation, m.labels.cause(err)).Inc()
	}
}
