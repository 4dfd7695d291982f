package target

import (
	"cmp"
	"context"
	"slices"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// uses are what requests have used up of their time at a target, by request.
type uses map[string]use

type use struct{ ledger.Use }

func usesOf(holding ledger.Holding) uses {
	known := uses{}
	for _, u := range holding.Uses {
		known[u.Request] = use{u}
	}
	return known
}

// latest is when the time of a request is over that may last so long in all.
func (u use) latest(lasts time.Duration, now time.Time) time.Time {
	if u.Since.IsZero() {
		u.Since = now
	}
	return u.Since.Add(lasts - u.Used.Duration)
}

// mostForgiven is how much of a request's time is forgiven in all that went by while attempts to grant were cut off.
// Nobody can see when the access came, and a worker that died is replaced sooner.
const mostForgiven = time.Minute

// wasCutOff is true for a holding that nobody has seen to have its access: every attempt to grant it had no answer.
func wasCutOff(holding ledger.Holding) bool {
	return holding.Open && !holding.Standing && !holding.Proof.Shown && !holding.SettledAt.IsZero()
}

// usedUp is what requests have used up of their time when a holding that was cut off is granted again: what has gone
// by, but for what is forgiven; and nothing of it where the target shows that the access has not come.
func usedUp(ctx context.Context, connector Connector, cutOff ledger.Holding, now time.Time) (uses, error) {
	used := usesOf(cutOff)
	state, err := connector.Inspect(ctx, AccessOf(cutOff))
	switch {
	case err != nil && !cutOff.Leases.Unread():
		return nil, err
	case err == nil && !state.Held && !cutOff.Leases.Unread() && doubt(state, cutOff.Proof, false) == "":
		return used.unused(), nil
	}
	return used.forgiven(now), nil
}

// unused stops the clocks of requests whose access has not come, as if they had not begun.
func (all uses) unused() uses {
	for request, u := range all {
		u.Since = time.Time{}
		all[request] = u
	}
	return all
}

// forgiven has the clocks begin later by what is forgiven.
func (all uses) forgiven(now time.Time) uses {
	for request, u := range all {
		if u.Since.IsZero() {
			continue
		}
		by := max(min(now.Sub(u.Since), mostForgiven-u.Forgiven.Duration), 0)
		u.Since, u.Forgiven.Duration = u.Since.Add(by), u.Forgiven.Duration+by
		all[request] = u
	}
	return all
}

// begin starts the clocks of those requests that hold from now on, and stops those of the others.
func (all uses) begin(leases contract.Leases, now time.Time) uses {
	for request, u := range all {
		switch _, holds := leases.Find(request); {
		case holds && u.Since.IsZero():
			u.Since = now
		case !holds && !u.Since.IsZero():
			u.Used.Duration += max(now.Sub(u.Since), 0)
			u.Since = time.Time{}
		}
		all[request] = u
	}
	return all
}

// began starts the clocks anew of those requests that did not hold before: what was done to give them the access took
// a while.
func (all uses) began(before ledger.Holding, now time.Time) uses {
	for request, u := range all {
		if _, held := before.Leases.Find(request); !u.Since.IsZero() && !(before.Open && held) {
			u.Since = now
			all[request] = u
		}
	}
	return all
}

// since says when the clocks of requests began.
func (all uses) since(leases contract.Leases) map[string]time.Time {
	began := map[string]time.Time{}
	for _, request := range leases.Requests() {
		if u, known := all[request]; known && !u.Since.IsZero() {
			began[request] = u.Since
		}
	}
	return began
}

// forget leaves out what no chain of its requests allows anything of any more.
func (all uses) forget(now time.Time) uses {
	for request, u := range all {
		if !u.Until.After(now) && u.Since.IsZero() {
			delete(all, request)
		}
	}
	return all
}

// list is what the holding keeps, in a fixed order.
func (all uses) list() []ledger.Use {
	var list []ledger.Use
	for _, u := range all {
		list = append(list, u.Use)
	}
	slices.SortFunc(list, func(a, b ledger.Use) int { return cmp.Compare(a.Request, b.Request) })
	return list
}

// over returns a holding as it is when nothing holds it up any more.
func over(holding ledger.Holding, now time.Time) ledger.Holding {
	holding.Open, holding.Leases = false, nil
	holding.Uses = usesOf(holding).begin(nil, now).forget(now).list()
	return holding
}
