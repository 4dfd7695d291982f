package scim

import (
	"context"
	"sync"

	"curfew/workflows/contract"
)

// turns lets our changes to a group happen one after the other: what a read shows before and after a change is then not
// the work of another change of ours. There are as many as groups in the configuration.
type turns struct {
	mu sync.Mutex
	of map[string]chan struct{}
}

func newTurns() *turns { return &turns{of: map[string]chan struct{}{}} }

// take waits for a group's turn, and returns how to give it back.
func (t *turns) take(ctx context.Context, group string) (done func(), err error) {
	t.mu.Lock()
	turn, known := t.of[group]
	if !known {
		turn = make(chan struct{}, 1)
		t.of[group] = turn
	}
	t.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, contract.Unavailable("other changes to the group %s took all the time", group).Advise("try again")
	}
}
