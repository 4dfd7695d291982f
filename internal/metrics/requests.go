package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"curfew/workflows/contract"
)

// requestMetrics are of what becomes of requests.
type requestMetrics struct {
	events, ended            *prometheus.CounterVec
	decided, granted, usable *prometheus.HistogramVec
}

func newRequestMetrics(m *Metrics) requestMetrics {
	return requestMetrics{
		events: m.counters(
			"request_events_total", "Events of requests that were recorded.", "event", "template", "source"),
		ended: m.counters(
			"requests_ended_total", "Requests that have ended, by their outcome.", "outcome", "template", "source"),
		decided: m.histograms(
			"request_decision_seconds",
			"From the request to its approval or denial, people's time included.",
			waitBuckets,
			"decision",
			"template",
		),
		granted: m.histograms(
			"request_grant_seconds",
			"From the approval until the access was seen to be there.",
			waitBuckets,
			"template",
		),
		usable: m.histograms(
			"request_usable_seconds",
			"From the request, or the webhook that made it, until the access was seen to be there.",
			waitBuckets,
			"source",
		),
	}
}

// Recorded counts events of a request that the ledger has taken, after those that it had.
func (m *Metrics) Recorded(earlier, news []contract.Event, status contract.Status) {
	template, source := m.labels.template(status.Template), m.labels.source(status.Source)
	approved := approvedAt(earlier)
	for _, event := range news {
		m.events.WithLabelValues(among(m.labels.events, event.Kind), template, source).Inc()
		switch event.Kind {
		case contract.EventApproved:
			approved = event.At
			m.decided.WithLabelValues(string(event.Kind), template).Observe(between(status.AskedAt, event.At))
		case contract.EventDenied:
			m.decided.WithLabelValues(string(event.Kind), template).Observe(between(status.AskedAt, event.At))
		case contract.EventGranted:
			m.usable.WithLabelValues(source).Observe(between(status.AskedAt, event.At))
			if !approved.IsZero() {
				m.granted.WithLabelValues(template).Observe(between(approved, event.At))
			}
		default: // it is counted, and begins or ends nothing that is timed
		}
		if status.State == contract.StateEnded && string(event.Kind) == string(status.Outcome) {
			m.ended.WithLabelValues(among(m.labels.outcomes, status.Outcome), template, source).Inc()
		}
	}
}

// approvedAt is when a request was approved; zero when it was not.
func approvedAt(events []contract.Event) (at time.Time) {
	for _, event := range events {
		if event.Kind == contract.EventApproved {
			at = event.At
		}
	}
	return at
}

// between is how long something took, in seconds; 0 where the clocks of two processes say that it ended before it
// began.
func between(began, ended time.Time) float64 { return max(ended.Sub(began).Seconds(), 0) }
