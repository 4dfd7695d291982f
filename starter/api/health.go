package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// Health is the answer of a server that is well.
type Health struct {
	Status string `json:"status" enum:"ok" doc:"Always ok; anything else is a problem document"`
}

type healthOutput struct{ Body Health }

func (s *server) health() {
	register(s, public(operation(http.MethodGet, "/healthz", "healthz", "Report whether the server runs")),
		func(context.Context, *call, *struct{}) (*healthOutput, error) {
			return &healthOutput{Health{"ok"}}, nil
		})
	register(
		s,
		public(
			operation(
				http.MethodGet,
				"/readyz",
				"readyz",
				"Report whether the server can reach Temporal and the ledger",
			),
		),
		func(ctx context.Context, _ *call, _ *struct{}) (*healthOutput, error) {
			return &healthOutput{Health{"ok"}}, s.starter.Ready(ctx)
		},
	)
}

func public(op huma.Operation) huma.Operation {
	op.Security = nil
	return op
}
