package bench

import (
	"context"
	"fmt"
	"time"

	"curfew/internal/bench/floor"
	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
	"curfew/workflows/contract"
)

// mostResponders is how many are on call where webhooks come one after the other.
const mostResponders = 30

// singleLasts is how long access lasts that is approved alone.
const singleLasts = 3 * time.Second

// approvals: one request, on a machine that has nothing else to do, from its approval to its access, and from its
// deadline to its end.
func (r *run) approvals(ctx context.Context) error {
	var usable, bareUsable, gone, bareGone []time.Duration
	for range r.Sizes.Singles {
		people, err := r.world.NewPeople(1)
		if err != nil {
			return err
		}
		bareGranted, bareEnded, err := r.bareSingle(ctx, people[0])
		if err != nil {
			return err
		}
		granted, ended, err := r.single(ctx, people[0])
		if err != nil {
			return err
		}
		usable, bareUsable = append(usable, granted), append(bareUsable, bareGranted)
		gone, bareGone = append(gone, ended), append(bareGone, bareEnded)
	}
	how := fmt.Sprintf("one after the other; looked at every %s", oneLook)
	r.add(report.Figure{
		Name:    "approval",
		Title:   "approval → usable",
		Unit:    report.Milliseconds,
		Measure: report.Lengths(usable),
		How:     how,
		Floor: &report.Floor{
			What:    "an update of a bare workflow, then one activity grants",
			Measure: report.Lengths(bareUsable),
		},
	})
	r.add(report.Figure{
		Name:    "deadline",
		Title:   "one deadline → gone",
		Unit:    report.Milliseconds,
		Measure: report.Lengths(gone),
		How:     how,
		Floor: &report.Floor{
			What:    "a timer of a bare workflow, then one activity revokes",
			Measure: report.Lengths(bareGone),
		},
	})
	return nil
}

func (r *run) single(ctx context.Context, person world.Person) (granted, ended time.Duration, err error) {
	status, err := r.ask(ctx, person, world.Reviewed, singleLasts)
	if err != nil {
		return 0, 0, err
	}
	granted, err = r.seen(ctx, world.Role, true, person, func() error { return r.approve(ctx, status.ID) })
	if err != nil {
		return 0, 0, err
	}
	until, err := r.deadline(ctx, person, status.ID)
	if err != nil {
		return 0, 0, err
	}
	late, err := r.late(ctx, world.Role, []world.Person{person}, []time.Time{until}, oneLook)
	if err != nil {
		return 0, 0, err
	}
	return granted, late[0], r.ended(ctx, status.ID)
}

func (r *run) bareSingle(ctx context.Context, person world.Person) (granted, ended time.Duration, err error) {
	bare, err := r.startBare(ctx, person.Account, floor.Await(), floor.Grant())
	if err != nil {
		return 0, 0, err
	}
	granted, err = r.seen(ctx, world.BareRole, true, person, func() error { return r.letGo(ctx, bare) })
	if err != nil {
		return 0, 0, err
	}
	until := time.Now().Add(singleLasts)
	if _, err := r.startBare(ctx, person.Account, floor.SleepUntil(until), floor.Revoke()); err != nil {
		return 0, 0, err
	}
	late, err := r.late(ctx, world.BareRole, []world.Person{person}, []time.Time{until}, oneLook)
	if err != nil {
		return 0, 0, err
	}
	return granted, late[0], nil
}

// seen begins something, and returns how long it took until an account held a role, or no longer did.
func (r *run) seen(
	ctx context.Context, role string, held bool, person world.Person, begin func() error,
) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begun := make(chan error, 1)
	began := time.Now()
	go func() { begun <- begin() }()
	seen, err := r.world.Target.Watch(
		ctx, world.Watch{Role: role, Held: held, Accounts: []string{person.Account}, Every: oneLook})
	if err != nil {
		return 0, err
	}
	if err := <-begun; err != nil {
		return 0, err
	}
	return seen[person.Account].Ended.Sub(began), nil
}

// deadline is when a request's access ends, as soon as there is some.
func (r *run) deadline(ctx context.Context, person world.Person, id string) (time.Time, error) {
	for {
		status, err := r.show(ctx, person, id)
		switch {
		case err != nil:
			return time.Time{}, err
		case status.Until != nil:
			return *status.Until, nil
		case status.State == contract.StateEnded:
			return time.Time{}, fmt.Errorf("request %s ended without access: %s", id, status.Why)
		}
		if !pause(ctx, 20*time.Millisecond) {
			return time.Time{}, ctx.Err()
		}
	}
}

// webhooks: from PagerDuty's webhook to the access of who is on call, approved automatically, and from that of the
// resolution to its end.
func (r *run) webhooks(ctx context.Context) error {
	var usable, bareUsable, gone, bareGone []time.Duration
	for n := range r.Sizes.Singles {
		responder := n % min(mostResponders, r.Sizes.Singles)
		person, incident := r.world.People()[responder], fmt.Sprintf("PSINGLE%04d", n)
		for _, step := range []struct {
			into *[]time.Duration
			role string
			held bool
			do   func() error
		}{
			{&bareUsable, world.BareRole, true, func() error { return r.bare(ctx, person.Account, floor.Grant()) }},
			{&bareGone, world.BareRole, false, func() error { return r.bare(ctx, person.Account, floor.Revoke()) }},
			{&usable, world.Role, true, func() error { return r.world.Incidents.Open(ctx, incident, responder) }},
			{&gone, world.Role, false, func() error { return r.world.Incidents.Resolve(ctx, incident, responder) }},
		} {
			took, err := r.seen(ctx, step.role, step.held, person, step.do)
			if err != nil {
				return err
			}
			*step.into = append(*step.into, took)
		}
	}
	how := fmt.Sprintf("one after the other; looked at every %s", oneLook)
	r.add(report.Figure{
		Name:    "webhook",
		Title:   "PagerDuty's webhook → usable, approved automatically",
		Unit:    report.Milliseconds,
		Measure: report.Lengths(usable),
		How:     how,
		Floor: &report.Floor{
			What:    "a bare workflow is started: one activity grants",
			Measure: report.Lengths(bareUsable),
		},
	})
	r.add(report.Figure{
		Name:    "webhook-end",
		Title:   "the webhook of the incident's end → gone",
		Unit:    report.Milliseconds,
		Measure: report.Lengths(gone),
		How:     how,
		Floor: &report.Floor{
			What:    "a bare workflow is started: one activity revokes",
			Measure: report.Lengths(bareGone),
		},
	})
	return nil
}
