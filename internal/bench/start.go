package bench

import (
	"context"
	"time"

	"curfew/internal/bench/floor"
	"curfew/internal/bench/report"
)

// starts: how long everything takes until it works.
func (r *run) starts(ctx context.Context) error {
	people, err := r.world.NewPeople(1)
	if err != nil {
		return err
	}
	var whole, bare []time.Duration
	for range r.Sizes.Starts {
		took, err := r.world.Restart(ctx)
		if err != nil {
			return err
		}
		whole = append(whole, took)
		began := time.Now()
		if err := r.world.RestartFloor(ctx); err != nil {
			return err
		}
		if err := r.bare(ctx, people[0].Account, floor.Grant()); err != nil {
			return err
		}
		bare = append(bare, time.Since(began))
	}
	r.add(report.Figure{
		Name:    "start",
		Title:   "server and worker: started → both ready",
		Unit:    report.Milliseconds,
		Measure: report.Lengths(whole),
		Floor: &report.Floor{
			What:    "a bare worker: started → its first workflow has ended",
			Measure: report.Lengths(bare),
		},
		How: "both are killed before; ready is what their /readyz says, looked at every 10 ms",
	})
	return nil
}
