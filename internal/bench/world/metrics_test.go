package world

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestObservationsAndCallsOfTemporalAreReadFromTheMetrics(t *testing.T) {
	t.Parallel()
	c := Counts{Requests: map[string]float64{}}
	require.NoError(t, c.add(strings.NewReader(`# HELP temporal_request_total calls
# TYPE temporal_request_total counter
temporal_request_total{operation="QueryWorkflow",task_queue=""} 3
temporal_request_total{operation="QueryWorkflow",task_queue="curfew"} 2
temporal_request_total{operation="RecordActivityTaskHeartbeat"} 1
temporal_request_latency_seconds_bucket{operation="QueryWorkflow",le="0.1"} 5
temporal_request_latency_seconds_sum{operation="QueryWorkflow"} 0.25
temporal_request_latency_seconds_count{operation="QueryWorkflow"} 5
curfew_asked_total{template="a b"} 7
curfew_live_grants 40
go_gc_duration_seconds_count 99
`)))
	require.Equal(t, map[string]float64{"QueryWorkflow": 5, "RecordActivityTaskHeartbeat": 1}, c.Requests)
	require.InDelta(t, 18.0, c.Observations, 0)
	require.Error(t, c.add(strings.NewReader("curfew_asked_total many\n")))
}
