package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"curfew/workflows/contract"
)

// Census is what is live at an instant, as the ledger has it.
type Census struct {
	At       time.Time
	Requests []RequestCount
	Grants   []GrantCount
}

// RequestCount is how many requests of a template are in a state that is not their last, and how many of them are
// stuck.
type RequestCount struct {
	State    contract.State
	Template string
	Requests int
	Stuck    int
}

// GrantCount is how many accesses a target has from Curfew, and how many of them are past their end.
type GrantCount struct {
	Target  string
	Live    int
	Overdue int
}

// census exports the newest census. What is older than staleAfter is left out: no figure is better than a wrong one.
type census struct {
	labels                                  labels
	newest                                  *atomic.Pointer[Census]
	requests, stuck, grants, overdue, taken *prometheus.Desc
}

const staleAfter = 2 * time.Minute

func newCensus(m *Metrics) census {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
	}
	c := census{
		labels:   m.labels,
		newest:   &atomic.Pointer[Census]{},
		requests: desc("requests", "Requests that have not ended, as the ledger has them.", "state", "template"),
		stuck:    desc("requests_stuck", "Requests whose access could not be taken away so far.", "template"),
		grants:   desc("grants", "Accesses that are live at a target, as the ledger has them.", "target"),
		overdue:  desc("grants_overdue", "Accesses past their end that nobody has seen gone.", "target"),
		taken:    desc("census_timestamp_seconds", "When requests and grants were last counted, in Unix time."),
	}
	m.registry.MustRegister(c)
	return c
}

// Counted takes over a census.
func (m *Metrics) Counted(newest Census) { m.census.newest.Store(&newest) }

// Describe is for prometheus.Collector.
func (c census) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{c.requests, c.stuck, c.grants, c.overdue, c.taken} {
		descs <- desc
	}
}

// Collect is for prometheus.Collector.
func (c census) Collect(into chan<- prometheus.Metric) {
	newest := c.newest.Load()
	if newest == nil {
		return
	}
	into <- prometheus.MustNewConstMetric(c.taken, prometheus.GaugeValue, float64(newest.At.Unix()))
	if time.Since(newest.At) > staleAfter {
		return
	}
	c.collectRequests(into, newest.Requests)
	c.collectGrants(into, newest.Grants)
}

// collectRequests adds up what has the same labels.
func (c census) collectRequests(into chan<- prometheus.Metric, counts []RequestCount) {
	live, stuck := map[[2]string]int{}, map[string]int{}
	for _, count := range counts {
		template := c.labels.template(count.Template)
		live[[2]string{among(c.labels.states, count.State), template}] += count.Requests
		stuck[template] += count.Stuck
	}
	for label, n := range live {
		into <- prometheus.MustNewConstMetric(c.requests, prometheus.GaugeValue, float64(n), label[0], label[1])
	}
	export(into, c.stuck, stuck)
}

func (c census) collectGrants(into chan<- prometheus.Metric, counts []GrantCount) {
	live, overdue := map[string]int{}, map[string]int{}
	for _, count := range counts {
		target := c.labels.target(count.Target)
		live[target] += count.Live
		overdue[target] += count.Overdue
	}
	export(into, c.grants, live)
	export(into, c.overdue, overdue)
}

func export(into chan<- prometheus.Metric, desc *prometheus.Desc, counts map[string]int) {
	for label, n := range counts {
		into <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n), label)
	}
}
