package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"curfew/internal/bench/floor"
	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

// long is how long access lasts that is not to end while something is measured.
const long = 12 * time.Hour

// bursts: many ask at the same moment.
func (r *run) bursts(ctx context.Context) error {
	for _, size := range r.Sizes.Bursts {
		if err := r.burst(ctx, size); err != nil {
			return fmt.Errorf("a burst of %d: %w", size, err)
		}
	}
	return nil
}

func (r *run) burst(ctx context.Context, size int) error {
	var bare, whole []time.Duration
	for range max(1, r.Sizes.BurstSamples/size) {
		people, err := r.world.NewPeople(size)
		if err != nil {
			return err
		}
		took, err := r.usable(ctx, world.BareRole, people, func(i int) error {
			_, err := r.startBare(ctx, floor.GrantWorkflow, floor.Access{Account: people[i].Account, Approved: true})
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
		Name:  fmt.Sprintf("burst-%d", size),
		Title: fmt.Sprintf("%d ask at the same moment: asked → usable", size), Unit: report.Milliseconds,
		Measure: report.Lengths(whole),
		Floor: &report.Floor{
			What: "as many bare workflows whose one activity grants", Measure: report.Lengths(bare),
		},
		How: fmt.Sprintf("%d rounds, seen at PostgreSQL every %s", len(whole)/size, world.Look),
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
	wrong := make(chan error, 1)
	var all sync.WaitGroup
	go func() {
		wrong <- atOnce(len(people), len(people), func(i int) error {
			began[i] = time.Now()
			return begin(i)
		})
	}()
	seen, err := r.world.Target.Watch(ctx, role, true, accounts)
	all.Wait()
	if failed := <-wrong; failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, len(people))
	for i, account := range accounts {
		took[i] = seen[account].Sub(began[i])
	}
	return took, nil
}

func accountsOf(people []world.Person) (accounts []string) {
	for _, person := range people {
		accounts = append(accounts, person.Account)
	}
	return accounts
}

func peopleOfBursts(s Sizes) (n int) {
	for _, size := range s.Bursts {
		n += size * max(1, s.BurstSamples/size)
	}
	return n
}
