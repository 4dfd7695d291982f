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
	late, err := r.bareEnds(ctx, people, f.flow)
	if err != nil {
		return err
	}
	bare := &report.Floor{
		What:    fmt.Sprintf("as many bare timers under a flood of %s, then one activity revokes", f.said(of)),
		Measure: report.Lengths(late),
	}
	if late, err = r.wholeEnds(ctx, people, f.flow); err != nil {
		return err
	}
	if f.failed != nil {
		return fmt.Errorf("the flood of %s: %w", of, f.failed)
	}
	r.add(report.Figure{
		Name: "flood-" + of,
		Title: fmt.Sprintf("%d deadlines within one second under a flood of %s: deadline → gone",
			r.Sizes.FloodEnds, f.said(of)),
		Unit: report.Milliseconds, Measure: report.Lengths(late), Floor: bare,
		How: fmt.Sprintf("%d at a time, from %s before the first deadline until all are gone; looked at every %s",
			floodedAtOnce, floodBefore, endsLook),
	})
	return nil
}

// flood is many calls, as fast as they are answered.
type flood struct {
	one        func(ctx context.Context, n int64) error
	sent       atomic.Int64 // in all floods
	taken, put atomic.Int64 // in the last: those that were done, and those that were put off
	mu         sync.Mutex
	failed     error // the first that failed otherwise, and was not cut off by the end
}

// said is how large the last flood was.
func (f *flood) said(of string) string {
	return fmt.Sprintf("%d %s, %d of them put off with 429 or 503", f.taken.Load()+f.put.Load(), of, f.put.Load())
}

// flow goes on until the context ends, or a call fails.
func (f *flood) flow(ctx context.Context) {
	f.taken.Store(0)
	f.put.Store(0)
	var all sync.WaitGroup
	for range floodedAtOnce {
		all.Go(func() {
			for ctx.Err() == nil && f.call(ctx) {
			}
		})
	}
	all.Wait()
}

// call is one call; false when it failed.
func (f *flood) call(ctx context.Context) bool {
	err := f.one(ctx, f.sent.Add(1))
	switch {
	case err == nil:
		f.taken.Add(1)
	case errors.Is(err, world.ErrBusy):
		f.put.Add(1)
	case ctx.Err() == nil:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.failed = errors.Join(f.failed, err)
		return false
	}
	return true
}
