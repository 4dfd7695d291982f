package target

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// leeway is how long after its decision allows a lease may end that is held: clocks differ.
const leeway = 5 * time.Second

// verifiedLeases returns those of the leases that were decided, with what is to be remembered of them, and the others
// with the reason. What the open holding has already was decided before; anything longer needs a chain of seals that
// allows it. A lease that may not be longer stays as it was.
func (a *Activities) verifiedLeases(
	ctx context.Context, before ledger.Holding, command contract.GrantCommand, leases contract.Leases, now time.Time,
) (kept contract.Leases, uses uses, refused []contract.Refusal) {
	uses = usesOf(before).forget(now)
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
		lease, err := a.decided(command, uses, lease, isHeld && !wasCutOff(before), now)
		if err == nil && !isHeld && !command.Restates {
			err = a.onRecord(ctx, lease.Request)
		}
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

// decided returns a lease as it was decided, and notes how long it may be remembered. One decision gives no more time
// at this target than it says, however often it is shown here: a request that comes back gets the rest.
func (a *Activities) decided(
	command contract.GrantCommand,
	uses uses,
	lease contract.Lease,
	held bool,
	now time.Time,
) (contract.Lease, error) {
	at := slices.IndexFunc(
		command.Chains,
		func(chain contract.Chain) bool { return chain.Request.Fact.ID == lease.Request },
	)
	if at < 0 {
		return lease, contract.Forbidden("nobody has decided it").
			At("lease").
			Advise("ask for access through the Curfew server")
	}
	chain := command.Chains[at]
	decision, err := a.verifier.Allows(chain, lease.Request, command.Access)
	if err != nil {
		return lease, err
	}
	if start := chain.Request.Fact.StartAt; start.After(now.Add(leeway)) {
		return lease, contract.Unavailable("it is to begin at %s", start.UTC().Format(time.RFC3339)).
			At("lease").
			Advise("wait until then")
	}
	use := uses[lease.Request]
	latest := earlier(use.latest(decision.Lasts.Duration, now), decision.Until)
	longest := latest
	if !held {
		longest = now.Add(decision.Lasts.Duration)
	}
	switch {
	case lease.Until.After(longest.Add(leeway)):
		return lease, contract.Forbidden("%s is later than was decided", lease.Until.UTC().Format(time.RFC3339)).
			At("lease").
			Advise("ask for an extension")
	case !latest.After(now): // it asks for no more than was decided, and comes too late: nobody has forged anything
		return lease, contract.Closed("its time is over: it was allowed until %s", latest.UTC().Format(time.RFC3339)).
			At("lease").
			Advise("make a new request")
	}
	if !held {
		lease.Until = earlier(lease.Until, latest)
	}
	use.Request = lease.Request
	if until := decision.Until.Add(leeway); until.After(use.Until) {
		use.Until = until
	}
	uses[lease.Request] = use
	terms := chain.Request.Fact.Terms
	lease.KeepSessions, lease.Restore, lease.ReadBack = terms.KeepSessions, terms.Restore, readBackOf(
		terms,
		command.Access,
	)
	lease.Reference, lease.DriftCheckInterval = chain.Request.Fact.Reference(), terms.DriftCheckInterval
	return lease, nil
}

// unripe is the refusal of a seal that is dated in the future: this machine's clock is behind, or the other one ahead.
// Nothing is granted on it, and it is tried again, by another worker or later.
func unripe(refused []contract.Refusal) error {
	for i := range refused {
		if seal.Ahead(&refused[i].Problem) {
			return &refused[i].Problem
		}
	}
	return nil
}

// readBackOf is what the terms say about one access of theirs.
func readBackOf(terms contract.Terms, access contract.Access) contract.ReadBack {
	at := slices.IndexFunc(terms.Accesses, func(one contract.Access) bool { return one.GrantID() == access.GrantID() })
	if at < 0 {
		return ""
	}
	return terms.Accesses[at].ReadBack
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// raise tells operators of leases that somebody without a key has asked for; the same one once.
func (a *Activities) raise(ctx context.Context, access contract.Access, refused []contract.Refusal) {
	for _, refusal := range refused {
		if refusal.Problem.Kind != contract.KindForbidden {
			continue
		}
		sum := sha256.Sum256([]byte(access.GrantID() + refusal.Request + refusal.Problem.Fault))
		err := a.alarms.Raise(ctx, contract.Alarm{
			ID: fmt.Sprintf(
				"%s/%s/%s",
				contract.AlarmForged,
				contract.Shorten(refusal.Request, 64),
				hex.EncodeToString(sum[:8]),
			),
			Kind:     contract.AlarmForged,
			At:       time.Now().UTC(),
			Target:   access.Target,
			Grant:    access.GrantID(),
			Requests: []string{contract.Shorten(refusal.Request, 64)},
			Actor:    contract.ActorCurfew,
			Text:     "Somebody who can write to the Temporal namespace asked for what was not decided: " + refusal.Problem.Error(),
		})
		if err != nil {
			a.log.Error("the ledger did not take an alarm", zapGrant(access.GrantID()), zapError(err))
		}
	}
}
