package bench

import (
	"context"
	"time"

	"curfew/internal/bench/floor"
	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

const (
	// warming is how many lives nobody measures, before.
	warming = 16
	// livesAtOnce keeps the machine busy while the timers run.
	livesAtOnce = 64
	// lifeLasts is how long each access lasts.
	lifeLasts = 2 * time.Second
)

// spent is what lives needed.
type spent struct {
	rate         float64 // lives in a second
	usage        world.Usage
	observations float64 // of metrics
}

// lives: how many requests go through their whole life in a second, when there are always as many under way.
func (r *run) lives(ctx context.Context) error {
	n := r.Sizes.Lives
	bare, err := r.live(ctx, func(person world.Person) error {
		return r.bare(ctx, person.Account, floor.Grant(), floor.Sleep(lifeLasts), floor.Revoke())
	})
	if err != nil {
		return err
	}
	whole, err := r.live(ctx, func(person world.Person) error {
		status, err := r.ask(ctx, person, world.Automatic, lifeLasts)
		if err != nil {
			return err
		}
		return r.ended(ctx, status.ID)
	})
	if err != nil {
		return err
	}
	const what = "a bare workflow: one activity grants, a timer, one activity revokes"
	each := func(used time.Duration) report.Measure {
		return report.Value(milliseconds(used)/float64(n), n)
	}
	r.add(report.Figure{
		Name:    "lives",
		Title:   "whole lives: asked, approved automatically, granted, ended at the deadline",
		Unit:    report.PerSecond,
		Measure: report.Value(whole.rate, n),
		Floor:   &report.Floor{What: what, Measure: report.Value(bare.rate, n)},
		How:     "64 at a time; each access lasts 2 s",
	})
	r.add(report.Figure{
		Name:  "life-processor",
		Title: "processor time of a whole life in Curfew's server and worker",
		Unit:  report.Milliseconds,
		Measure: each(
			whole.usage.Curfew,
		),
		Floor: &report.Floor{What: what + ", in its worker", Measure: each(bare.usage.Floor)},
	})
	r.add(report.Figure{
		Name:    "life-processor-temporal",
		Title:   "processor time of a whole life in the Temporal server",
		Unit:    report.Milliseconds,
		Measure: each(whole.usage.Temporal),
		Floor:   &report.Floor{What: what, Measure: each(bare.usage.Temporal)},
	})
	r.addMetrics(whole)
	return nil
}

// live runs lives, the first few unmeasured.
func (r *run) live(ctx context.Context, life func(world.Person) error) (s spent, err error) {
	people, err := r.world.NewPeople(warming)
	if err != nil {
		return s, err
	}
	if err := atOnce(warming, warming, func(i int) error { return life(people[i]) }); err != nil {
		return s, err
	}
	people = r.world.People()[2*warming:]
	usage, err := r.world.Usage()
	if err != nil {
		return s, err
	}
	counts, err := r.world.Counts(ctx)
	if err != nil {
		return s, err
	}
	began := time.Now()
	if err := atOnce(livesAtOnce, r.Sizes.Lives, func(i int) error { return life(people[i]) }); err != nil {
		return s, err
	}
	s.rate = float64(r.Sizes.Lives) / time.Since(began).Seconds()
	after, err := r.world.Usage()
	if err != nil {
		return s, err
	}
	observed, err := r.world.Counts(ctx)
	s.usage, s.observations = after.Since(usage), observed.Observations-counts.Observations
	return s, err
}
