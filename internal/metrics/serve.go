package metrics

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"

	"curfew/internal/serve"
)

// What is served, on an address of its own.
const (
	PathMetrics = "/metrics"
	PathHealth  = "/healthz"
	PathReady   = "/readyz"
)

const (
	// scrapesAtOnce and scrapeWithin bound what scraping costs.
	scrapesAtOnce = 4
	scrapeWithin  = 10 * time.Second
	// readyWithin bounds the question whether the process can work.
	readyWithin = 5 * time.Second
	// stopWithin is how long a scrape may go on when the process stops.
	stopWithin = 2 * time.Second
)

// Handler answers with the metrics, and with whether the process runs and can work. ready says why it can't.
func (m *Metrics) Handler(ready func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+PathMetrics, promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeWithin, ErrorHandling: promhttp.ContinueOnError,
	}))
	mux.HandleFunc("GET "+PathHealth, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET "+PathReady, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
		defer cancel()
		if err := ready(ctx); err != nil {
			answer(w, http.StatusServiceUnavailable, err.Error())
			return
		}
		answer(w, http.StatusOK, "ok")
	})
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}

// Serve serves on a listener until the context ends, and closes it.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *zap.Logger) error {
	return serve.Until(ctx, listener, &http.Server{
		Handler: handler, ReadTimeout: readyWithin, WriteTimeout: 2 * scrapeWithin, ErrorLog: zap.NewStdLog(log),
	}, stopWithin, "metrics")
}
