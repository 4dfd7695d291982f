// Package temporal hands the metrics of Temporal's SDK to Prometheus.
package temporal

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// kept are the tags that become labels. Everything else that the SDK says of a metric is left out: it may be anything.
var kept = [...]string{
	"operation", "task_queue", "worker_type", "poller_type", "activity_type", "workflow_type", "failure_reason",
}

// mostSeries bounds the series of one process. Workflow types and task queues are the only values that somebody with
// rights on the namespace can invent.
const mostSeries = 2000

// other stands for the values of series beyond the bound.
const other = "other"

// tags are the values of kept.
type tags [len(kept)]string

// series is one metric with its labels.
type series struct {
	name string
	tags tags
}

// Handler is a client.MetricsHandler.
type Handler struct {
	*shared
	tags tags
}

type shared struct {
	registry prometheus.Registerer

	mu       sync.Mutex
	vectors  map[string]any // by the metric's name
	counters map[series]prometheus.Counter
	gauges   map[series]prometheus.Gauge
	timers   map[series]prometheus.Observer
}

var _ client.MetricsHandler = Handler{}

// New makes a handler that registers the SDK's metrics as they come.
func New(registry prometheus.Registerer) Handler {
	return Handler{shared: &shared{
		registry: registry,
		vectors:  map[string]any{},
		counters: map[series]prometheus.Counter{},
		gauges:   map[series]prometheus.Gauge{},
		timers:   map[series]prometheus.Observer{},
	}}
}

// WithTags returns a handler whose metrics have these labels too.
func (h Handler) WithTags(more map[string]string) client.MetricsHandler {
	for i, name := range kept {
		if value, given := more[name]; given {
			h.tags[i] = value
		}
	}
	return h
}

// Counter returns a counter, the same for the same name and labels.
func (h Handler) Counter(name string) client.MetricsCounter {
	counted := find(h, h.counters, name, func() *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name + "_total", Help: help}, kept[:])
	})
	return counter{counted}
}

// Gauge returns a gauge, the same for the same name and labels.
func (h Handler) Gauge(name string) client.MetricsGauge {
	set := find(h, h.gauges, name, func() *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, kept[:])
	})
	return gauge{set}
}

// Timer returns a histogram in seconds, the same for the same name and labels.
func (h Handler) Timer(name string) client.MetricsTimer {
	timed := find(h, h.timers, name, func() *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Name: name + "_seconds", Help: help, Buckets: buckets},
			kept[:],
		)
	})
	return timer{timed}
}

const help = "Of Temporal's SDK."

// buckets are in seconds.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60}

// vector is what has the series of one metric.
type vector[M any] interface {
	prometheus.Collector
	WithLabelValues(values ...string) M
}

// find returns the series of a name and labels, and makes it the first time.
func find[M any, V vector[M]](h Handler, made map[series]M, name string, first func() V) M {
	h.mu.Lock()
	defer h.mu.Unlock()
	wanted := series{name, h.tags}
	if found, known := made[wanted]; known {
		return found
	}
	if len(h.counters)+len(h.gauges)+len(h.timers) >= mostSeries {
		for i := range wanted.tags {
			wanted.tags[i] = other
		}
	}
	vector, known := h.vectors[name].(V)
	if !known {
		vector = first()
		if err := h.registry.Register(vector); err == nil { // one that is refused is counted, and not exported
			h.vectors[name] = vector
		}
	}
	for i, value := range wanted.tags {
		wanted.tags[i] = strings.ToValidUTF8(value, "?")
	}
	found := vector.WithLabelValues(wanted.tags[:]...)
	made[wanted] = found
	return found
}

type (
	counter struct{ prometheus.Counter }
	gauge   struct{ prometheus.Gauge }
	timer   struct{ prometheus.Observer }
)

// Inc adds to the counter.
func (c counter) Inc(more int64) { c.Add(float64(max(more, 0))) }

// Update sets the gauge.
func (g gauge) Update(value float64) { g.Set(value) }

// Record takes down a time.
func (t timer) Record(took time.Duration) { t.Observe(took.Seconds()) }
