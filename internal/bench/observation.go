package bench

import (
	"time"

	"curfew/internal/bench/report"
	"curfew/internal/config"
	"curfew/internal/metrics"
	"curfew/internal/metrics/temporal"
	"curfew/internal/reload"
	"curfew/workflows/contract"
)

// observed is how often one observation is timed.
const observed = 200_000

// addMetrics says what part of the processor time of lives goes into metrics. Lives with metrics and without differ by
// less than two runs of the same, so what was observed in them is counted, and one observation is timed.
func (r *run) addMetrics(lives spent) {
	n := r.Sizes.Lives
	took := observation()
	r.add(report.Figure{
		Name:    "metrics",
		Title:   "of the processor time of a whole life in Curfew's server and worker, metrics take",
		Unit:    report.Percent,
		Measure: report.Value(100*lives.observations*took.Seconds()/lives.usage.Curfew.Seconds(), n),
		How:     "metrics are counted and one of them is timed, the dearer of Curfew's and of the SDK's; scrapes and gauges are not in it",
	})
}

// observation is how long one takes, of Curfew's or of the SDK's, whichever takes longer.
func observation() time.Duration {
	m := metrics.New(reload.Fixed(&config.Config{}))
	sdk := temporal.New(m.Registry())
	tags := map[string]string{"operation": "RespondActivityTaskCompleted", "task_queue": contract.TaskQueue}
	longest := time.Duration(0)
	for _, observe := range []func(){
		func() { m.TargetCalled("orders-db", "Grant", time.Millisecond, nil) },
		func() { sdk.WithTags(tags).Timer("temporal_request_latency").Record(time.Millisecond) },
	} {
		began := time.Now()
		for range observed {
			observe()
		}
		longest = max(longest, time.Since(began)/observed)
	}
	return longest
}
