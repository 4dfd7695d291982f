package api

import (
	"context"
	"net/http"

	"curfew/activities/ledger"
)

// Decisions is what was decided about one request.
type Decisions struct {
	Decisions []ledger.Decision `json:"decisions" nullable:"false" doc:"The decisions about the request and its extensions, oldest first"`
}

type decisionsOutput struct{ Body Decisions }

func (s *server) decisions() {
	register(s, operation(http.MethodGet, "/v1/requests/{id}/decisions", "decisions",
		"Show how a request was decided, and on which facts"), s.listDecisions)
}

func (s *server) listDecisions(ctx context.Context, by *call, in *PathID) (*decisionsOutput, error) {
	decisions, err := by.starter.Decisions(ctx, by.Person, in.ID)
	if err != nil {
		return nil, err
	}
	return &decisionsOutput{Decisions{append([]ledger.Decision{}, decisions...)}}, nil
}
