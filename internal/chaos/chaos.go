// Package chaos tries a whole Curfew: people ask for access while its processes, its networks and those whom it
// trusts fail, as a seed draws it. An observer who knows nothing of Curfew's code looks at the targets meanwhile, and a
// judge holds what was seen against what Curfew promises. docs/reliability.md says how to run it and how to read it.
package chaos

import (
	"context"
	"fmt"
	"io"
	"time"

	"curfew/internal/chaos/judge"
	"curfew/internal/chaos/observer"
	"curfew/internal/chaos/people"
	"curfew/internal/chaos/plan"
	"curfew/internal/chaos/world"
)

// Options of a run.
type Options struct {
	Seed     uint64
	Length   time.Duration // of the plan; what is under way at its end is waited for
	Requests int
	Faults   []plan.FaultKind
	Ledger   string   // world.SQLite or world.Postgres
	Dir      string   // where the plan, the record and the logs are kept
	Curfew   string   // the program
	StandIns []string // the command that runs the stand-ins
	Commit   string   // what is tried, for the table
	Out      io.Writer
}

const (
	// standing is how many of those who ask have a role before.
	standing = 2
	// lastWords is how long the last ends and their stories are waited for when everything is mended.
	lastWords = 4 * time.Minute
	// enough is how many ends with nothing wrong a plan of eight minutes has to have.
	enough, wholePlan = 50, 8 * time.Minute
)

// Run plays, judges, prints the table, and returns whether all promises were kept.
func Run(ctx context.Context, o Options) (kept bool, err error) {
	run := &run{Options: o}
	defer run.close()
	if err := run.open(ctx); err != nil {
		return false, err
	}
	if err := run.play(ctx); err != nil {
		return false, err
	}
	return run.judge(ctx)
}

// run is one trial.
type run struct {
	Options
	world    *world.World
	people   *people.Simulator
	injector *injector
	observer *observer.Observer
	plan     plan.Plan
	left     []string // faults that can't be played, and why
	begin    time.Time
	standing []judge.Key

	stopLooking func()
}

func (r *run) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.Out, format+"\n", args...) // a closed terminal is no reason to stop
}

// tickets are shared by all requests.
func tickets() (keys []string) {
	for n := range 5 {
		keys = append(keys, fmt.Sprintf("OPS-%d", n+1))
	}
	return keys
}

func (r *run) open(ctx context.Context) (err error) {
	r.injector = &injector{down: map[string]int{}}
	r.world, err = world.Open(ctx, world.Options{
		Dir:      r.Dir,
		Curfew:   r.Curfew,
		StandIns: r.StandIns,
		Ledger:   r.Ledger,
		People:   plan.People(r.Requests),
		Tickets:  tickets(),
		Died:     r.endedByItself,
	})
	r.injector.World = r.world
	if err != nil {
		return err
	}
	var can []plan.FaultKind
	can, r.left = playable(r.world, r.Faults)
	r.plan = plan.New(plan.Options{Seed: r.Seed, Length: r.Length, Requests: r.Requests, Faults: can})
	if err := keep(r.Dir, "plan.json", r.plan); err != nil {
		return err
	}
	for _, person := range r.world.People[:standing] {
		if err := r.world.GiveStanding(ctx, person, world.ReadRole); err != nil {
			return err
		}
		r.standing = append(
			r.standing,
			judge.Key{Target: world.Orders, Account: person.Account, Entitlement: world.ReadRole},
		)
	}
	r.look(ctx)
	r.begin = time.Now()
	r.people, err = people.New(people.Options{
		URL:      r.world.URL,
		Tokens:   r.world.Tokens,
		People:   r.world.People,
		Stranger: r.world.Stranger,
		Temporal: r.world.Temporal.Address,
		Tickets:  tickets(),
		Begin:    r.begin,
		Wrong:    r.injector.note,
	})
	return err
}

// byItself is what is said of a program that nobody has killed.
const byItself = " ended by itself"

// endedByItself is for programs of Curfew's that nobody has killed.
func (r *run) endedByItself(name string, from, to time.Time) {
	kind := judge.WorkerDied
	if name == "server" {
		kind = judge.Elsewhere
	}
	r.injector.noteDeath(judge.Fault{Kind: kind, What: name + byItself, From: from, To: to})
}

// look starts the observer.
func (r *run) look(ctx context.Context) {
	looking, stop := context.WithCancel(context.WithoutCancel(ctx))
	roles := r.world.RolesAtOrders()
	r.observer = observer.Start(looking, []observer.Target{
		{Name: world.Orders, Look: roles.Look},
		{Name: world.Lightrun, Look: func(ctx context.Context) (there []judge.Key, err error) {
			holders, err := r.world.StandIns.Holders(ctx)
			for _, email := range holders {
				there = append(there, judge.Key{Target: world.Lightrun, Account: email, Entitlement: world.Pool})
			}
			return there, err
		}},
	}, r.world.Ledger)
	r.stopLooking = func() {
		stop()
		r.observer.Wait()
		roles.Close(context.WithoutCancel(ctx))
		r.stopLooking = func() {}
	}
}

// play lets people and faults do what is planned, and waits for the last ends.
func (r *run) play(ctx context.Context) error {
	r.say("seed %d, ledger %s: %d requests and %d faults in %s; everything is kept in %s",
		r.Seed, r.Ledger, len(r.plan.Requests), len(r.plan.Faults), r.Length, r.Dir)
	both := make(chan struct{}, 2)
	go func() { r.injector.play(ctx, r.begin, r.plan.Faults); both <- struct{}{} }()
	go func() { r.people.Play(ctx, r.plan); both <- struct{}{} }()
	progress := time.NewTicker(30 * time.Second)
	defer progress.Stop()
	for left := 2; left > 0; {
		select {
		case <-both:
			left--
		case <-progress.C:
			r.say(
				"%4.0f s: %d requests asked for, %d accesses there",
				time.Since(r.begin).Seconds(),
				len(r.people.Requests()),
				len(r.observer.Present())-standing,
			)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.say("%4.0f s: all is mended; waiting for the last ends", time.Since(r.begin).Seconds())
	r.settle(ctx)
	return ctx.Err()
}

// settle waits until nothing but standing access is there and every story that can have an end has one.
func (r *run) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWords)
	defer cancel()
	for {
		open, err := r.world.Ledger.Open(ctx, r.untampered())
		if err == nil && len(open) == 0 && len(r.observer.Present()) <= standing {
			people.Pause(ctx, 3*time.Second) // the last comments
			return
		}
		if !people.Pause(ctx, time.Second) {
			return
		}
	}
}

// untampered are the requests whose workflows nobody has taken away.
func (r *run) untampered() (ids []string) {
	said := r.people.Said()
	for _, request := range r.people.Requests() {
		if judge.Ends(request.ID, said) {
			ids = append(ids, request.ID)
		}
	}
	return ids
}

// record puts together what was planned, said, done and seen.
func (r *run) record(ctx context.Context) (judge.Record, error) {
	r.stopLooking()
	stories, err := r.world.Ledger.Stories(ctx, world.KeyOf)
	if err != nil {
		return judge.Record{}, err
	}
	comments, err := r.world.StandIns.Comments(ctx)
	if err != nil {
		return judge.Record{}, err
	}
	record := judge.Record{
		From: r.begin, To: time.Now(), Requests: r.people.Requests(), Said: r.people.Said(), Stories: stories,
		Presences: r.observer.Presences(), Faults: r.injector.noted(), Standing: r.standing,
	}
	var ids []string
	for _, request := range record.Requests {
		ids = append(ids, request.ID)
	}
	record.Unapproved = r.observer.Unapproved(ids)
	for _, comment := range comments {
		record.Comments = append(record.Comments, judge.Comment{Issue: comment.Issue, Marker: markerOf(comment.Body)})
	}
	stranger := r.world.Stranger
	record.Forbidden = []judge.Key{
		{Target: world.Orders, Account: stranger.Account, Entitlement: world.ReadRole},
		{Target: world.Orders, Account: stranger.Account, Entitlement: world.WriteRole},
		{Target: world.Lightrun, Account: stranger.Email, Entitlement: world.Pool},
	}
	return record, nil
}

func (r *run) close() {
	if r.people != nil {
		r.people.Close()
	}
	if r.stopLooking != nil {
		r.stopLooking()
	}
	if r.world != nil {
		r.world.Close()
	}
}
