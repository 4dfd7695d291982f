package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

const (
	// flooders is how many people flood.
	flooders = 100
	// floodedAtOnce is how many of their calls are under way at the same time.
	floodedAtOnce = 16
)

// floodOfAsks: ends while people ask as fast as they are answered.
func (r *run) floodOfAsks(ctx context.Context) error {
	people, err := r.world.NewPeople(flooders)
	if err != nil {
		return err
	}
	return r.endsInFlood(ctx, "asks", func(ctx context.Context, n int64) error {
		_, err := r.ask(ctx, people[n%flooders], world.Reviewed, time.Hour)
		if errors.Is(err, errFull) {
			return nil // the server's own bound holds
		}
		return err
	})
}

// floodOfWebhooks: ends while PagerDuty sends as fast as it is answered.
func (r *run) floodOfWebhooks(ctx context.Context) error {
	if _, err := r.world.NewPeople(flooders); err != nil { // who are on call
		return err
	}
	return r.endsInFlood(ctx, "webhooks", func(ctx context.Context, n int64) error {
		return r.world.Incidents.Wait(ctx, fmt.Sprintf("PFLOOD%06d", n), int(n%flooders))
	})
}

func (r *run) endsInFlood(ctx context.Context, of string, one func(ctx context.Context, n int64) error) error {
	people, err := r.world.NewPeople(r.Sizes.FloodEnds)
	if err != nil {
		return err
	}
	f := &flood{one: one}
	bare, err := r.bareEnds(ctx, people, f.flow)
	if err != nil {
		return err
	}
	bares := f.sent.Load()
	whole, err := r.wholeEnds(ctx, people, f.flow)
	if err != nil {
		return err
	}
	if f.failed != nil {
		return fmt.Errorf("the flood of %s: %w", of, f.failed)
	}
	r.add(report.Figure{
		Name: "flood-" + of,
		Title: fmt.Sprintf("%d deadlines within one second under a flood of %d %s: deadline → gone",
			r.Sizes.FloodEnds, f.sent.Load()-bares, of),
		Unit: report.Milliseconds, Measure: report.Lengths(whole),
		Floor: &report.Floor{
			What:    fmt.Sprintf("as many bare timers under a flood of %d %s, then one activity revokes", bares, of),
			Measure: report.Lengths(bare),
		},
		How: fmt.Sprintf("%d at a time, from %s before the first deadline until all are gone; looked at every %s",
			floodedAtOnce, floodBefore, endsLook),
	})
	return nil
}

// flood is many calls, as fast as they are answered.
type flood struct {
	one  func(ctx context.Context, n int64) error
	sent atomic.Int64

	mu     sync.Mutex
	failed error // the first that failed and was not cut off by the end
}

// flow goes on until the context ends, or a call fails.
func (f *flood) flow(ctx context.Context) {
	var all sync.WaitGroup
	for range floodedAtOnce {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := f.one(ctx, f.sent.Add(1)); err != nil {
					f.note(ctx, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func (f *flood) note(ctx context.Context, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() == nil && f.failed == nil {
		f.failed = err
	}
}
