package world

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Counts are what Curfew's server and worker say of themselves.
type Counts struct {
	Requests     map[string]float64 // calls of Temporal, by their operation
	Observations float64            // of all metrics
}

// Counts are what there was so far.
func (w *World) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Requests: map[string]float64{}}
	for _, process := range []string{w.serverM, w.workM} {
		if err := c.addFrom(ctx, process); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Counts) addFrom(ctx context.Context, process string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, process+"/metrics", http.NoBody)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return c.add(response.Body)
}

// add reads Prometheus' text format.
func (c *Counts) add(text io.Reader) error {
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		series, value, found := cutLast(lines.Text(), " ")
		if !found || strings.HasPrefix(series, "#") {
			continue
		}
		name, labels, _ := strings.Cut(series, "{")
		ours := strings.HasPrefix(name, "curfew_") || strings.HasPrefix(name, "temporal_")
		if !ours || !strings.HasSuffix(name, "_total") && !strings.HasSuffix(name, "_count") {
			continue
		}
		var n float64
		if _, err := fmt.Sscan(value, &n); err != nil {
			return fmt.Errorf("read the metrics: %w", err)
		}
		c.Observations += n
		if name == "temporal_request_total" {
			_, operation, _ := strings.Cut(labels, `operation="`)
			operation, _, _ = strings.Cut(operation, `"`)
			c.Requests[operation] += n
		}
	}
	return lines.Err()
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
