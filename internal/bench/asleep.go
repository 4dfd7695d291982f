package bench

import (
	"context"
	"fmt"
	"time"

	"curfew/internal/bench/floor"
	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

const (
	// mostBareAsleep bounds how many bare workflows are started to know what one of them takes.
	mostBareAsleep = 2000
	// sleepers is how many people have the grants that sleep, each of them several.
	sleepers = 1000
)

// rolesAsleep is how many accesses each of them has at most.
func rolesAsleep(s Sizes) int { return (s.Asleep + sleepers - 1) / sleepers }

// footprint is what processes and databases take, in bytes.
type footprint struct{ worker, floor, temporal, ledger int64 }

func (r *run) footprint() (f footprint, err error) {
	if f.worker, err = world.Memory(r.world.Worker); err != nil {
		return f, err
	}
	if f.floor, err = world.Memory(r.world.Floor); err != nil {
		return f, err
	}
	f.temporal, f.ledger = world.Disk(r.world.TemporalFile()), world.Disk(r.world.LedgerFile())
	return f, nil
}

// asleep: what grants take that sleep, and how late others end beside them.
func (r *run) asleep(ctx context.Context) error {
	people, err := r.world.NewPeople(max(sleepers, mostBareAsleep))
	if err != nil {
		return err
	}
	empty, err := r.footprint()
	if err != nil {
		return err
	}
	bares := min(r.Sizes.Asleep, mostBareAsleep)
	if err := r.fallAsleepBare(ctx, people[:bares]); err != nil {
		return err
	}
	bare, err := r.footprint()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := r.fallAsleep(ctx, people[:sleepers]); err != nil {
		return err
	}
	took := time.Since(began)
	pause(ctx, settling)
	full, err := r.footprint()
	if err != nil {
		return err
	}
	r.addFootprints(empty, bare, full, bares, took)
	return r.endsBesideSleepers(ctx)
}

// settling lets what follows a grant happen: events, and the garbage collector.
const settling = 5 * time.Second

// fallAsleep asks for all that sleeps, and returns when it is at the target.
func (r *run) fallAsleep(ctx context.Context, people []world.Person) error {
	n := r.Sizes.Asleep
	names := world.Sleeping(rolesAsleep(r.Sizes))
	err := atOnce(callers, n, func(i int) error {
		_, err := r.ask(ctx, people[i%len(people)], names[i/len(people)], long)
		return err
	})
	if err != nil {
		return err
	}
	for i, name := range names {
		if err := r.wait(ctx, name, people[:min(len(people), n-i*len(people))]); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) fallAsleepBare(ctx context.Context, people []world.Person) error {
	err := atOnce(callers, len(people), func(i int) error {
		_, err := r.startBare(ctx, people[i].Account, floor.Sleep(long))
		return err
	})
	pause(ctx, settling)
	return err
}

func (r *run) addFootprints(empty, bare, full footprint, bares int, took time.Duration) {
	n := r.Sizes.Asleep
	each := func(before, after int64, of int) report.Measure {
		return report.Value(float64(after-before)/1024/float64(of), of)
	}
	how := fmt.Sprintf(
		"all asked for through the API, %d at a time, in %s; nothing is seeded",
		callers,
		took.Round(time.Second),
	)
	const what = "a bare workflow with a timer"
	r.add(report.Figure{
		Name:    fmt.Sprintf("asleep-%d-memory", n),
		Title:   fmt.Sprintf("the worker's memory while %d grants sleep", n),
		Unit:    report.Megabytes,
		Measure: report.Value(float64(full.worker)/(1<<20), n),
		How:     how,
		Floor: &report.Floor{
			What:    "the worker's memory when nothing has run",
			Measure: report.Value(float64(empty.worker)/(1<<20), 0),
		},
	})
	for _, f := range []report.Figure{
		{
			Name: "asleep-each-memory", Title: "memory of the worker for each request that sleeps",
			Measure: each(empty.worker, full.worker, n),
			Floor:   &report.Floor{What: what, Measure: each(empty.floor, bare.floor, bares)},
		},
		{
			Name: "asleep-each-temporal", Title: "Temporal's database for each request that sleeps",
			Measure: each(bare.temporal, full.temporal, n),
			Floor:   &report.Floor{What: what, Measure: each(empty.temporal, bare.temporal, bares)},
		},
		{
			Name: "asleep-each-ledger", Title: "the ledger for each request that sleeps",
			Measure: each(bare.ledger, full.ledger, n),
		},
	} {
		f.Unit = report.Kilobytes
		f.Name = fmt.Sprintf("%s-%d", f.Name, n)
		r.add(f)
	}
}

func (r *run) endsBesideSleepers(ctx context.Context) error {
	people, err := r.world.NewPeople(r.Sizes.AsleepEnds)
	if err != nil {
		return err
	}
	bare, err := r.bareEnds(ctx, people, nil)
	if err != nil {
		return err
	}
	whole, err := r.wholeEnds(ctx, people, nil)
	if err != nil {
		return err
	}
	r.add(report.Figure{
		Name: fmt.Sprintf("asleep-%d-ends", r.Sizes.Asleep),
		Title: fmt.Sprintf("%d deadlines within one second while %d grants sleep: deadline → gone",
			r.Sizes.AsleepEnds, r.Sizes.Asleep),
		Unit:    report.Milliseconds,
		Measure: report.Lengths(whole),
		Floor: &report.Floor{
			What:    "as many bare timers beside the same sleepers, then one activity revokes",
			Measure: report.Lengths(bare),
		},
		How: fmt.Sprintf("looked at every %s", endsLook),
	})
	return nil
}
