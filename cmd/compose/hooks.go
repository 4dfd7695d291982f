package compose

import (
	"context"
	"net/http"

	"curfew/activities/kinds"
	"curfew/starter"
	"curfew/starter/hooks"
	"curfew/starter/limit"
	"curfew/worker"
)

// hooks serves webhooks, and returns what acts on them until a context ends. Where no source is configured there
// is neither.
func (app *App) hooks(
	requests *starter.Starter, routes *http.ServeMux, limits *limit.Limits,
) (deliver func(context.Context), err error) {
	if len(app.config.Current().Hooks) == 0 {
		return func(context.Context) {}, nil
	}
	sources, err := hooks.New(hooks.Options{
		Starter:   requests,
		Kinds:     hooks.Kinds{Trackers: kinds.Trackers(), Incidents: kinds.Incidents(), Channels: kinds.Channels()},
		Alarms:    app.ledger,
		Tickets:   app.tickets,
		Incidents: app.incidents,
		Log:       app.log,
		Limits:    limits,
		Observer:  app.metrics,
	})
	if err != nil {
		return nil, err
	}
	sources.Handle(routes)
	return func(ctx context.Context) { worker.Deliver(ctx, app.Temporal, sources.Deliver, app.log) }, nil
}
