package compose

import (
	"context"
	"net/http"

	"curfew/starter"
	"curfew/starter/hooks"
	"curfew/worker"
)

// hooks opens the door for webhooks, and returns what acts on them until a context ends. Where no source is configured there
// is neither.
func (h *House) hooks(requests *starter.Starter, doors *http.ServeMux) (deliver func(context.Context), err error) {
	if len(h.config.Current().Hooks) == 0 {
		return func(context.Context) {}, nil
	}
	sources, err := hooks.New(hooks.Options{
		Starter: requests, Config: h.config, Alarms: h.ledger, Tickets: h.tickets, Incidents: h.incidents, Log: h.log,
	})
	if err != nil {
		return nil, err
	}
	sources.Handle(doors)
	return func(ctx context.Context) { worker.Deliver(ctx, h.Temporal, sources.Deliver, h.log) }, nil
}
