package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// outgoingMetrics are of what leaves the outboxes of requests: for the ledger, for people's tickets, incidents and
// channels.
type outgoingMetrics struct {
	age, depth    *prometheus.HistogramVec
	failures      *prometheus.CounterVec
	notifications *prometheus.CounterVec
}

// depthBuckets are numbers of events.
var depthBuckets = []float64{1, 2, 3, 5, 10, 20, 50, 100}

func newOutgoingMetrics(m *Metrics) outgoingMetrics {
	return outgoingMetrics{
		age: m.histograms(
			"outbox_age_seconds", "How old the oldest event was when its outbox was emptied.", waitBuckets, "outbox"),
		depth: m.histograms(
			"outbox_events", "How many events an outbox had when it was emptied.", depthBuckets, "outbox"),
		failures: m.counters(
			"outbox_errors_total",
			"Attempts to empty an outbox that failed, by the kind of the error.",
			"outbox",
			"kind",
		),
		notifications: m.counters(
			"notifications_total",
			"Events that were to be sent on a channel, by what came of it: sent, waiting or failed.",
			"channel",
			"result",
		),
	}
}

// OutboxEmptied takes down an attempt to deliver the events of an outbox, the oldest of which is of an instant. The
// outbox comes from the fixed list of the caller.
func (m *Metrics) OutboxEmptied(outbox string, events int, oldest time.Time, err error) {
	if err != nil {
		m.outgoingMetrics.failures.WithLabelValues(outbox, m.labels.cause(err)).Inc()
		return
	}
	m.depth.WithLabelValues(outbox).Observe(float64(events))
	m.age.WithLabelValues(outbox).Observe(between(oldest, time.Now()))
}

// Notified counts events of which people were notified on a channel, which wait for another attempt, or which failed.
func (m *Metrics) Notified(channel string, sent, waiting, failed int) {
	channel = m.labels.channel(channel)
	for result, n := range map[string]int{"sent": sent, "waiting": waiting, "failed": failed} {
		m.notifications.WithLabelValues(channel, result).Add(float64(n))
	}
}

// WebhookAnswered counts a delivery by the source that it was addressed to and the status of the answer.
func (m *Metrics) WebhookAnswered(source string, status int) {
	answer := other
	if http.StatusText(status) != "" {
		answer = strconv.Itoa(status)
	}
	m.webhooks.WithLabelValues(m.labels.hook(source), answer).Inc()
}
