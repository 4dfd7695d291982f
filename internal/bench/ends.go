package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"curfew/internal/bench/floor"
	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

const (
	// endsLook is how often the target is looked at where many accesses end.
	endsLook = 20 * time.Millisecond
	// setting is how long it takes at least to set all deadlines, and settingOne how much longer for each.
	setting, settingOne = 20 * time.Second, 20 * time.Millisecond
	// beforeEnds is when whoever looks begins to, before the first deadline.
	beforeEnds = time.Second
)

// ends: many deadlines within one second.
func (r *run) ends(ctx context.Context) error {
	for _, n := range r.Sizes.Ends {
		people, err := r.world.NewPeople(n)
		if err != nil {
			return err
		}
		bare, err := r.bareEnds(ctx, people, nil)
		if err != nil {
			return fmt.Errorf("%d bare deadlines: %w", n, err)
		}
		whole, err := r.wholeEnds(ctx, people, nil)
		if err != nil {
			return fmt.Errorf("%d deadlines: %w", n, err)
		}
		r.add(report.Figure{
			Name:    fmt.Sprintf("ends-%d", n),
			Title:   fmt.Sprintf("%d deadlines within one second: deadline → gone", n),
			Unit:    report.Milliseconds,
			Measure: report.Lengths(whole),
			Floor: &report.Floor{
				What:    "as many bare timers, then one activity revokes",
				Measure: report.Lengths(bare),
			},
			How: fmt.Sprintf("asked for before, then extended to one second; looked at every %s", endsLook),
		})
	}
	return nil
}

// beside is something that goes on while accesses end: it begins a while before the first deadline, and its context
// ends when all are gone.
type beside func(ctx context.Context)

// floodBefore is how long before the first deadline it begins.
const floodBefore = 20 * time.Second

// wholeEnds asks for accesses, extends them to end within one second, and returns how late each was gone.
func (r *run) wholeEnds(ctx context.Context, people []world.Person, while beside) ([]time.Duration, error) {
	ids, untils := make([]string, len(people)), make([]time.Time, len(people))
	target := time.Now().Add(setting + time.Duration(len(people))*r.Sizes.Ask)
	err := atOnce(callers, len(people), func(i int) error {
		lasts := time.Until(target).Truncate(time.Second)
		if lasts <= 0 {
			return fmt.Errorf(
				"the first accesses end before all are asked for: give each more time than %s",
				r.Sizes.Ask,
			)
		}
		status, err := r.ask(ctx, people[i], world.Automatic, lasts)
		ids[i] = status.ID
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.wait(ctx, world.Role, people); err != nil {
		return nil, err
	}
	err = atOnce(callers, len(people), func(i int) (err error) {
		untils[i], err = r.deadline(ctx, people[i], ids[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	first := later(slices.MaxFunc(untils, time.Time.Compare).Add(time.Second), time.Now().Add(r.setting(len(people))))
	err = atOnce(callers, len(people), func(i int) error {
		by := first.Add(time.Duration(i) * time.Second / time.Duration(len(people))).Sub(untils[i])
		status, err := r.extend(ctx, people[i], ids[i], by)
		if err == nil && status.Until == nil {
			err = fmt.Errorf("request %s is not extended: %s", ids[i], status.Why)
		}
		if err == nil {
			untils[i] = *status.Until
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	late, err := r.lateBeside(ctx, world.Role, people, untils, while)
	if err != nil {
		return nil, err
	}
	return late, atOnce(callers, len(ids), func(i int) error { return r.ended(ctx, ids[i]) })
}

// setting is how long it takes to set as many deadlines.
func (*run) setting(n int) time.Duration { return setting + time.Duration(n)*settingOne }

// bareEnds is wholeEnds of the floor.
func (r *run) bareEnds(ctx context.Context, people []world.Person, while beside) ([]time.Duration, error) {
	first := time.Now().Add(r.setting(len(people)))
	untils := make([]time.Time, len(people))
	err := atOnce(callers, len(people), func(i int) error {
		untils[i] = first.Add(time.Duration(i) * time.Second / time.Duration(len(people)))
		_, err := r.startBare(ctx, people[i].Account, floor.Grant(), floor.SleepUntil(untils[i]), floor.Revoke())
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.wait(ctx, world.BareRole, people); err != nil {
		return nil, err
	}
	return r.lateBeside(ctx, world.BareRole, people, untils, while)
}

// wait returns when everybody has a role.
func (r *run) wait(ctx context.Context, role string, people []world.Person) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := r.world.Target.Watch(
		ctx, world.Watch{Role: role, Held: true, Accounts: accountsOf(people), Every: 100 * time.Millisecond})
	return err
}

// lateBeside is late, while something else goes on.
func (r *run) lateBeside(
	ctx context.Context, role string, people []world.Person, untils []time.Time, while beside,
) ([]time.Duration, error) {
	if while == nil {
		return r.late(ctx, role, people, untils, endsLook)
	}
	flooding, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		if pause(flooding, time.Until(slices.MinFunc(untils, time.Time.Compare).Add(-floodBefore))) {
			while(flooding)
		}
	}()
	late, err := r.late(ctx, role, people, untils, endsLook)
	stop()
	<-over
	return late, err
}

// late looks from shortly before the first deadline, and returns how late each access was gone. One that is gone before
// its deadline is an error.
func (r *run) late(
	ctx context.Context, role string, people []world.Person, untils []time.Time, every time.Duration,
) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if !pause(ctx, time.Until(slices.MinFunc(untils, time.Time.Compare).Add(-beforeEnds))) {
		return nil, ctx.Err()
	}
	accounts := accountsOf(people)
	seen, err := r.world.Target.Watch(ctx, world.Watch{Role: role, Held: false, Accounts: accounts, Every: every})
	if err != nil {
		return nil, err
	}
	late := make([]time.Duration, len(people))
	for i, until := range untils {
		late[i] = seen[accounts[i]].Ended.Sub(until)
		if late[i] < 0 {
			return nil, fmt.Errorf("%s ended %s early", accounts[i], -late[i])
		}
	}
	return late, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
