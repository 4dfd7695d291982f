package world

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
)

// Requests are how many calls of each operation Curfew's server and worker have sent to Temporal so far, as the SDK
// counts them.
func (w *World) Requests(ctx context.Context) (map[string]float64, error) {
	counts := map[string]float64{}
	for _, process := range []string{w.serverM, w.workM} {
		if err := countRequests(ctx, process, counts); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

func countRequests(ctx context.Context, process string, counts map[string]float64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, process+"/metrics", http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		labels, value, found := strings.Cut(lines.Text(), "} ")
		if !found || !strings.HasPrefix(labels, "temporal_request_total{") {
			continue
		}
		_, operation, _ := strings.Cut(labels, `operation="`)
		operation, _, _ = strings.Cut(operation, `"`)
		var n float64
		if _, err := fmt.Sscan(value, &n); err != nil {
			return fmt.Errorf("read the metrics: %w", err)
		}
		counts[operation] += n
	}
	return lines.Err()
}
