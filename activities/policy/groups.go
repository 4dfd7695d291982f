package policy

import (
	"context"

	"curfew/internal/config"
)

// Groups is the port to what knows who belongs to a group. It is asked for each decision, so that somebody who has left
// a group since neither asks nor reviews. Errors are *contract.Problem; any other counts as unavailable and is tried again:
// without an answer there is no decision.
type Groups interface {
	// Members are the ids of the persons in a group, in any order; nobody when there is no such group.
	Members(ctx context.Context, group string) ([]string, error)
	// Of are the groups of a person, in any order.
	Of(ctx context.Context, person string) ([]string, error)
}

// configured answers from the section groups of the configuration.
type configured struct {
	config *config.Config
}

func (c configured) Members(_ context.Context, group string) ([]string, error) {
	return c.config.Members(group), nil
}

func (c configured) Of(_ context.Context, person string) ([]string, error) {
	return c.config.GroupsOf(person), nil
}
