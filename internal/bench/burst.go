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
	// long is how long access lasts that is not to end while something is measured.
	long = 12 * time.Hour
	// manyLook is how often the target is looked at where many are waited for, and oneLook where one is.
	manyLook, oneLook = 10 * time.Millisecond, time.Millisecond
)

// bursts: many ask at the same moment.
func (r *run) bursts(ctx context.Context) error {
	for _, size := range r.Sizes.Bursts {
		if err := r.burst(ctx, size, r.rounds(size)); err != nil {
			return fmt.Errorf("a burst of %d: %w", size, err)
		}
	}
	return nil
}

// rounds is how often a burst is repeated.
func (r *run) rounds(size int) int { return max(1, r.Sizes.BurstSamples/size) }

func peopleOfBursts(s Sizes) (n int) {
	for _, size := range s.Bursts {
		n += size * max(1, s.BurstSamples/size)
	}
	return n
}

func (r *run) burst(ctx context.Context, size, rounds int) error {
	var bare, whole []time.Duration
	for range rounds {
		people, err := r.world.NewPeople(size)
		if err != nil {
			return err
		}
		took, err := r.usable(ctx, world.BareRole, people, func(i int) error {
			_, err := r.startBare(ctx, people[i].Account, floor.Grant())
			return err
		})
		if err != nil {
			return err
		}
		bare = append(bare, took...)
		ids := make([]string, size)
		took, err = r.usable(ctx, world.Role, people, func(i int) error {
			status, err := r.ask(ctx, people[i], world.Automatic, long)
			ids[i] = status.ID
			return err
		})
		if err != nil {
			return err
		}
		whole = append(whole, took...)
		if err := r.revoke(ctx, people, ids); err != nil {
			return err
		}
	}
	r.add(report.Figure{
		Name:    fmt.Sprintf("burst-%d", size),
		Title:   fmt.Sprintf("%d people ask at the same moment: asked → usable", size),
		Unit:    report.Milliseconds,
		Measure: report.Lengths(whole),
		Floor: &report.Floor{
			What:    "as many bare workflows at the same moment: one activity grants",
			Measure: report.Lengths(bare),
		},
		How: fmt.Sprintf("rounds: %d; looked at every %s", rounds, manyLook),
	})
	return nil
}

// usable has everybody begin at the same moment, and returns how long it took each until the access was at the target.
func (r *run) usable(
	ctx context.Context, role string, people []world.Person, begin func(i int) error,
) ([]time.Duration, error) {
	accounts := accountsOf(people)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := make([]time.Time, len(people))
	begun := make(chan error, 1)
	go func() {
		err := atOnce(len(people), len(people), func(i int) error {
			began[i] = time.Now()
			return begin(i)
		})
		if err != nil {
			cancel() // what nobody asked for is not waited for
		}
		begun <- err
	}()
	seen, err := r.world.Target.Watch(ctx, world.Watch{Role: role, Held: true, Accounts: accounts, Every: manyLook})
	if failed := <-begun; failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, len(people))
	for i, account := range accounts {
		took[i] = seen[account].Ended.Sub(began[i])
	}
	return took, nil
}

func accountsOf(people []world.Person) (accounts []string) {
	for _, person := range people {
		accounts = append(accounts, person.Account)
	}
	return accounts
}
