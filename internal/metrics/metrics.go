// Package metrics counts and times what Curfew does, for Prometheus. Each package that is measured has an interface of
// its own for what it observes; Metrics implements them all. A label is a name of the configuration or one of a fixed
// list, and never a person, a request or a reason.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"curfew/internal/reload"
)

// namespace begins the names of all metrics that are Curfew's own.
const namespace = "curfew"

// Metrics are those of one process. Its methods may be called by several goroutines.
type Metrics struct {
	registry *prometheus.Registry
	labels   labels

	requestMetrics
	endMetrics
	targetMetrics
	ledgerMetrics
	outgoingMetrics
	webhooks *prometheus.CounterVec
	alarms   *prometheus.CounterVec
	census   census
}

// New makes the metrics of a process. Its labels are the names that the configuration of the moment has.
func New(names *reload.Live) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), labels: newLabels(names)}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.requestMetrics = newRequestMetrics(m)
	m.endMetrics = newEndMetrics(m)
	m.targetMetrics = newTargetMetrics(m)
	m.ledgerMetrics = newLedgerMetrics(m)
	m.outgoingMetrics = newOutgoingMetrics(m)
	m.webhooks = m.counters(
		"webhooks_total",
		"Deliveries of webhooks, by the status that was answered.",
		"source",
		"answer",
	)
	m.alarms = m.counters("alarms_total", "Alarms that were raised, repetitions included.", "kind")
	for kind := range m.labels.alarms { // from zero on, so that the first alarm is an increase
		m.alarms.WithLabelValues(string(kind))
	}
	m.census = newCensus(m)
	return m
}

// Registry has all of them; the SDK's join them there.
func (m *Metrics) Registry() *prometheus.Registry { return m.registry }

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	made := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(made)
	return made
}

func (m *Metrics) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	made := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(made)
	return made
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	made := prometheus.NewHistogramVec(
		prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets},
		labels,
	)
	m.registry.MustRegister(made)
	return made
}

// The bounds of buckets, in seconds.
var (
	callBuckets     = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	latenessBuckets = []float64{.025, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200}
	waitBuckets     = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400}
)
