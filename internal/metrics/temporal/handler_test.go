package temporal

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

func TestTheSDKsMetricsAreExportedWithTheLabelsThatAreKept(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	h := New(registry).WithTags(map[string]string{"operation": "Poll", "namespace": "curfew", "client_name": "go"})
	h.Counter("temporal_request").Inc(2)
	h.WithTags(map[string]string{"operation": "Start"}).Counter("temporal_request").Inc(1)
	h.Counter("temporal_request").Inc(1)
	h.Timer("temporal_request_latency").Record(time.Second)
	h.Gauge("temporal_num_pollers").Update(5)

	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families, 3)
	require.Equal(t, "temporal_num_pollers", families[0].GetName())
	require.Equal(t, "temporal_request_latency_seconds", families[1].GetName())
	require.Equal(t, "temporal_request_total", families[2].GetName())
	require.Len(t, families[2].GetMetric(), 2)
	require.InDelta(t, 3, families[2].GetMetric()[0].GetCounter().GetValue(), 0)
	require.Len(t, families[2].GetMetric()[0].GetLabel(), len(kept))
}

func TestInventedNamesMakeNoMoreSeriesThanTheBound(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	h := New(registry)
	for i := range mostSeries + 500 {
		h.WithTags(map[string]string{"workflow_type": fmt.Sprintf("invented-%d", i)}).Counter("temporal_started").Inc(1)
	}
	families, err := registry.Gather()
	require.NoError(t, err)
	require.Len(t, families[0].GetMetric(), mostSeries+1)
	require.Len(t, h.counters, mostSeries+1)
}
