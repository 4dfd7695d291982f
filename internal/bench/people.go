package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"curfew/internal/bench/world"
	"curfew/internal/config"
	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// callers is how many call at the same time where nothing is timed.
const callers = 16

// ask has a person ask for a template, through the API.
func (r *run) ask(
	ctx context.Context,
	person world.Person,
	template string,
	lasts time.Duration,
) (contract.Status, error) {
	caller, err := r.caller(person.ID)
	if err != nil {
		return contract.Status{}, err
	}
	answer, err := caller.Ask(ctx, api.AskBody{
		Template: template, Duration: lasts.String(), Purpose: contract.Purpose{Reason: "orders are late"},
	})
	return answer.Value, err
}

// caller calls the API in somebody's name.
func (r *run) caller(id string) (*client.Client, error) {
	return client.New(client.Options{Server: r.world.URL, Token: config.SecretOf(r.world.Token(id)), Version: "bench"})
}

// ended returns when a request's workflow is over.
func (r *run) ended(ctx context.Context, id string) error {
	return r.world.Client.GetWorkflow(ctx, contract.RequestWorkflowID(id), "").Get(ctx, nil)
}

// revoke ends requests early, and returns when they are over.
func (r *run) revoke(ctx context.Context, people []world.Person, ids []string) error {
	return atOnce(callers, len(ids), func(i int) error {
		caller, err := r.caller(people[i].ID)
		if err != nil {
			return err
		}
		if _, err := caller.Revoke(ctx, ids[i], api.RevocationBody{Reason: "measured"}); err != nil {
			return err
		}
		return r.ended(ctx, ids[i])
	})
}

// atOnce does something for each of a number of things, so many at a time, and returns what went wrong.
func atOnce(places, n int, do func(i int) error) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var wrong []error
	next := make(chan int)
	for range min(places, n) {
		all.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					mu.Lock()
					wrong = append(wrong, fmt.Errorf("number %d: %w", i, err))
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
	return errors.Join(wrong[:min(len(wrong), mostErrors)]...)
}

// mostErrors is how many errors are shown where all fail alike.
const mostErrors = 3
