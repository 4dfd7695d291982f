package bench

import (
	"context"
	"time"

	"curfew/internal/bench/floor"
	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

// starts: how long everything takes until it works.
func (r *run) starts(ctx context.Context) error {
	people, err := r.world.NewPeople(r.Sizes.Starts)
	if err != nil {
		return err
	}
	temporal := r.world.TemporalTook
	r.add(report.Figure{
		Name:    "start-all",
		Title:   "everything from nothing: Temporal, then the server, then the worker are ready",
		Unit:    report.Milliseconds,
		Measure: report.Value(milliseconds(temporal+r.world.CurfewTook), 1),
		Floor: &report.Floor{
			What:    "Temporal alone, on an empty file",
			Measure: report.Value(milliseconds(temporal), 1),
		},
	})
	var whole, bare []time.Duration
	for _, person := range people {
		took, err := r.startBareWorker(ctx, person)
		if err != nil {
			return err
		}
		bare = append(bare, took)
		if took, err = r.startCurfew(ctx, person); err != nil {
			return err
		}
		whole = append(whole, took)
	}
	r.add(report.Figure{
		Name:    "start-usable",
		Title:   "server and worker start, on databases that are there → somebody who asked at once has access",
		Unit:    report.Milliseconds,
		Measure: report.Lengths(whole),
		How:     "both were ended before, politely",
		Floor: &report.Floor{
			What:    "a bare worker starts → one activity of a bare workflow has granted",
			Measure: report.Lengths(bare),
		},
	})
	return nil
}

func (r *run) startBareWorker(ctx context.Context, person world.Person) (time.Duration, error) {
	r.world.EndFloor()
	began := time.Now()
	if err := r.world.RestartFloor(ctx); err != nil {
		return 0, err
	}
	_, err := r.seen(
		ctx,
		world.BareRole,
		true,
		person,
		func() error { return r.bare(ctx, person.Account, floor.Grant()) },
	)
	return time.Since(began), err
}

func (r *run) startCurfew(ctx context.Context, person world.Person) (time.Duration, error) {
	ready, err := r.world.Restart(ctx)
	if err != nil {
		return 0, err
	}
	usable, err := r.seen(ctx, world.Role, true, person, func() error {
		_, err := r.ask(ctx, person, world.Automatic, long)
		return err
	})
	return ready + usable, err
}

func milliseconds(took time.Duration) float64 { return float64(took.Microseconds()) / 1000 }
