package compose

import (
	"context"
	"net"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"curfew/internal/config"
	"curfew/internal/metrics"
	"curfew/workflows/contract"
)

// Measure serves the metrics of this process, and whether it is well, at an address until the context ends. Nothing
// depends on them: where the address can't be used, the log says so, and the process does its work.
func (app *App) Measure(ctx context.Context, address string) {
	if address == config.MetricsNone {
		return
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err == nil {
		app.log.Info("serving metrics", zap.Stringer("address", listener.Addr()))
		err = app.ServeMetrics(ctx, listener)
	}
	if err != nil && ctx.Err() == nil {
		app.log.Error("this process has no metrics; give it an address of its own with --metrics", zap.Error(err))
	}
}

// ServeMetrics serves them on a listener until the context ends.
func (app *App) ServeMetrics(ctx context.Context, listener net.Listener) error {
	return metrics.Serve(ctx, listener, app.metrics.Handler(app.ready), app.log)
}

// ready says why the process can't work now.
func (app *App) ready(ctx context.Context) error {
	if _, err := app.ledger.Now(ctx); err != nil {
		app.log.Warn("not ready: the ledger does not answer", zap.Error(err))
		return contract.Unavailable("the ledger does not answer").Advise("see the log of this process")
	}
	if _, err := app.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		app.log.Warn("not ready: Temporal does not answer", zap.Error(err))
		return contract.Unavailable("Temporal does not answer").Advise("see the log of this process")
	}
	return nil
}

// countEvery is how often a server counts what is live, and countWithin bounds one count.
const (
	countEvery  = 15 * time.Second
	countWithin = 10 * time.Second
)

// countLive counts what is live until the context ends.
func (app *App) countLive(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		if err := app.count(ctx); err != nil && ctx.Err() == nil {
			app.log.Warn("what is live can't be counted; the metrics leave it out soon", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (app *App) count(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, countWithin)
	defer cancel()
	counted, err := app.ledger.Census(ctx)
	if err != nil {
		return err
	}
	census := metrics.Census{At: time.Now()}
	for _, n := range counted.Requests {
		census.Requests = append(census.Requests, metrics.RequestCount(n))
	}
	for _, n := range counted.Holdings {
		census.Grants = append(
			census.Grants, metrics.GrantCount{Target: n.Target, Live: n.Open, Overdue: n.Overdue},
		)
	}
	app.metrics.Counted(census)
	return nil
}
