package target

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// late is how long after its decision allows a lease may end: a request moves its end by as long as it took to get the
// access, and clocks differ.
const late = time.Minute

// verifiedLeases returns those of the leases that were decided, with what is to be remembered of them, and the others with the
// reason. What the open holding has already was decided before; anything longer needs a chain of seals that allows it. A
// lease that may not be longer stays as it was.
func (a *Activities) verifiedLeases(
	before ledger.Holding, command contract.GrantCommand, leases contract.Leases, now time.Time,
) (kept contract.Leases, uses uses, refused []contract.Refusal) {
	uses = usesOf(before).end(command.Gone, now)
	if a.verifier == nil {
		return leases, uses, nil
	}
	for _, lease := range leases {
		held, isHeld := contract.Lease{}, false
		if before.Open {
			held, isHeld = before.Leases.Find(lease.Request)
		}
		if isHeld && !lease.Until.After(held.Until) {
			held.Until = lease.Until
			kept = append(kept, held)
			continue
		}
		lease, err := a.decided(command, uses, lease, now)
		if err == nil {
			kept = append(kept, lease)
			continue
		}
		refused = append(refused, contract.Refusal{Request: lease.Request, Problem: *contract.AsProblem(err)})
		if isHeld && held.Until.After(now) {
			kept = append(kept, held)
		}
	}
	return kept, uses.begin(kept, now), refused
}

// decided returns a lease as it was decided, and notes how long it may be remembered. One decision gives no more time at
// this target than it says, however often it is shown here.
func (a *Activities) decided(command contract.GrantCommand, uses uses, lease contract.Lease, now time.Time) (contract.Lease, error) {
	at := slices.IndexFunc(command.Chains, func(chain contract.Chain) bool { return chain.Request.Fact.ID == lease.Request })
	if at < 0 {
		return lease, contract.Problemf(contract.KindForbidden, "lease", "ask for access through the Curfew server", "nobody has decided it")
	}
	chain := command.Chains[at]
	decision, err := a.verifier.Allows(chain, lease.Request, command.Access)
	if err != nil {
		return lease, err
	}
	use := uses[lease.Request]
	latest := use.latest(decision.Lasts.Duration, now).Add(late)
	switch {
	case use.Over:
		return lease, contract.Problemf(contract.KindClosed, "lease", "make a new request", "the request has given it up for good")
	case lease.Until.After(latest) || lease.Until.After(decision.Until.Add(late)):
		return lease, contract.Problemf(contract.KindForbidden, "lease", "ask for an extension", "%s is later than was decided",
			lease.Until.UTC().Format(time.RFC3339))
	}
	use.Request, use.Until = lease.Request, decision.Until.Add(late)
	uses[lease.Request] = use
	terms := chain.Request.Fact.Terms
	lease.KeepSessions, lease.Restore, lease.ReadBack = terms.KeepSessions, terms.Restore, readBackOf(terms, command.Access)
	return lease, nil
}

// readBackOf is what the terms say about one access of theirs.
func readBackOf(terms contract.Terms, access contract.Access) contract.ReadBack {
	at := slices.IndexFunc(terms.Accesses, func(one contract.Access) bool { return one.GrantID() == access.GrantID() })
	if at < 0 {
		return ""
	}
	return terms.Accesses[at].ReadBack
}

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

// end notes which requests have given their leases up for good.
func (all uses) end(gone contract.Gone, now time.Time) uses {
	for _, request := range gone.Over {
		if u, known := all[request]; known {
			u.Over = true
			all[request] = u
		}
	}
	for request, u := range all {
		if !u.Until.After(now) && u.Since.IsZero() {
			delete(all, request) // no chain of its allows anything any more
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
func over(holding ledger.Holding, gone contract.Gone, now time.Time) ledger.Holding {
	holding.Open, holding.Leases = false, nil
	holding.Uses = usesOf(holding).begin(nil, now).end(gone, now).list()
	return holding
}

// raise tells operators of leases that somebody without a key has asked for; the same one once.
func (a *Activities) raise(ctx context.Context, access contract.Access, refused []contract.Refusal) {
	for _, refusal := range refused {
		if refusal.Problem.Kind != contract.KindForbidden {
			continue
		}
		sum := sha256.Sum256([]byte(access.GrantID() + refusal.Request + refusal.Problem.Fault))
		err := a.alarms.Raise(ctx, contract.Alarm{
			ID:   fmt.Sprintf("%s/%s/%s", contract.AlarmForged, contract.Shorten(refusal.Request, 64), hex.EncodeToString(sum[:8])),
			Kind: contract.AlarmForged, At: time.Now().UTC(), Target: access.Target, Grant: access.GrantID(),
			Requests: []string{contract.Shorten(refusal.Request, 64)}, Actor: contract.ActorCurfew,
			Text: "Somebody who can write to the Temporal namespace asked for access that was not decided: " + refusal.Problem.Error(),
		})
		if err != nil {
			a.log.Error("the ledger did not take an alarm", zapGrant(access.GrantID()), zapError(err))
		}
	}
}
