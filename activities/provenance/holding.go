package provenance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// compare holds what targets are said to have done against what they have on record. What contradicts it is tried
// again: the holding of access that is gone is closed in the end, by the watchdog at the latest.
func (g *Guard) compare(ctx context.Context, t telling, proven seal.Proven, recorded bool) error {
	before := recorded && (t.status.State == contract.StatePending || t.status.State == contract.StateScheduled)
	absent := before || t.status.State == contract.StateEnded
	granted, err := g.saysGranted(ctx, t, proven, recorded)
	if err != nil || !absent && !granted {
		return err
	}
	for _, access := range proven.Request.Terms.Accesses {
		holding, err := g.holding(ctx, access.GrantID())
		if err != nil {
			return err
		}
		switch {
		case absent && holdsAlone(holding, t.status.ID, now(ctx)) && !tookOver(proven, access):
			return g.contradicted(ctx, t.status, holding)
		case granted && !hasHeld(holding, t, now(ctx)):
			if lost, err := g.lost(ctx, t.status.ID); err != nil || !lost {
				return cmp.Or(err, neverGranted(access.Target, t.status.ID))
			}
		}
	}
	return nil
}

// saysGranted is true when what is told, or a request on record, claims that access was given.
func (g *Guard) saysGranted(ctx context.Context, t telling, proven seal.Proven, recorded bool) (bool, error) {
	granted := slices.ContainsFunc(t.events, func(event contract.Event) bool {
		return event.Kind == contract.EventGranted
	})
	if granted || !recorded {
		return granted, nil
	}
	return g.claimsAccess(ctx, t, proven)
}

func neverGranted(target, request string) error {
	return contract.Unavailable("the holding on %s knows of no grant to the request %s", target, request)
}

// keptUp takes back that another request holds access up where the holding knows nothing of that one.
func (g *Guard) keptUp(ctx context.Context, status contract.Status) (contract.Status, error) {
	for i, hold := range status.Holds {
		if hold.HeldUntil == nil && hold.HeldBy == "" {
			continue
		}
		holding, err := g.holding(ctx, hold.Access.GrantID())
		if err != nil {
			return status, err
		}
		_, holds := holding.Leases.Find(hold.HeldBy)
		used := slices.ContainsFunc(holding.Uses, func(use ledger.Use) bool { return use.Request == hold.HeldBy })
		if !holds && !used {
			status.Holds[i].HeldUntil, status.Holds[i].HeldBy = nil, ""
		}
	}
	return status, nil
}

// claimsAccess is true when a status says that access was given of which the record has nothing, although none of its
// events does. It refuses one that says so of a request that nobody has decided. What the record has was proven when it
// came there, also when the key that has decided it was retired since.
func (g *Guard) claimsAccess(ctx context.Context, t telling, proven seal.Proven) (bool, error) {
	begun := slices.Contains(
		[]contract.State{contract.StateGranting, contract.StateActive, contract.StateRevoking},
		t.status.State,
	)
	if !begun && t.status.GrantedAt == nil {
		return false, nil
	}
	recorded, _, err := g.Events.Request(ctx, t.status.ID)
	switch {
	case err != nil && !errors.Is(err, ledger.ErrNotFound):
		return false, err
	case recorded.GrantedAt != nil, t.status.GrantedAt == nil && recorded.State == t.status.State:
		return false, nil // another instant is refused by the ledger
	case !proven.Decided && proven.Digest != "":
		return false, g.refuse(ctx, t.status.ID, "nobody has decided that it is %s", t.status.State)
	}
	return t.status.GrantedAt != nil, nil
}

// holdsAlone is true while a request, and no other one, holds live access up.
func holdsAlone(holding ledger.Holding, request string, now time.Time) bool {
	_, holds := holding.Leases.Find(request)
	return holding.Open && !holding.Standing && holds && len(holding.Leases.Without(request).Live(now)) == 0
}

// hasHeld is true when a request holds access, or has. How much a request has used up is forgotten when it can use no
// more.
func hasHeld(holding ledger.Holding, t telling, now time.Time) bool {
	_, holds := holding.Leases.Find(t.status.ID)
	used := slices.ContainsFunc(holding.Uses, func(use ledger.Use) bool { return use.Request == t.status.ID })
	forgotten := now.After(t.provenance.Chain.Decision.Fact.Until)
	wentSince := t.status.GrantedAt != nil && holding.GoneAt.After(*t.status.GrantedAt)
	return holding.Grant != "" && (holds || used || forgotten || wentSince)
}

// lost is true of a request that the ledger has forgotten the grant of, with its holding: it was restored from an older
// copy. While it knows the decision, it has had the holding too.
func (g *Guard) lost(ctx context.Context, request string) (bool, error) {
	if g.Decisions == nil {
		return false, nil
	}
	decisions, err := g.Decisions.DecisionsOf(ctx, request)
	granted := slices.ContainsFunc(decisions, func(decision ledger.Decision) bool {
		return decision.About == "" && decision.Ruling == contract.RulingGrant
	})
	return err == nil && !granted, err
}

// contradicted tells operators once of access that is live and was to be recorded as over, or as not given.
func (g *Guard) contradicted(ctx context.Context, status contract.Status, holding ledger.Holding) error {
	problem := contract.Unavailable("it is %s, says its workflow, and %s still holds its access until %s", status.State, holding.Access.Target, holding.Until.UTC().Format(time.RFC3339)).
		At("state").
		Advise("see whether the access is there")
	so, err := ledger.Confirm(
		ctx,
		g.Holdings,
		holding.Grant,
		func(ctx context.Context, holding ledger.Holding) (bool, error) {
			return holdsAlone(holding, status.ID, now(ctx)) && holding.Until.After(now(ctx).Add(patience)), nil
		},
	)
	if err != nil || !so {
		return problem // it is looked at again
	}
	err = g.Alarms.Raise(ctx, contract.Alarm{
		ID:       fmt.Sprintf("%s/%s/%s", contract.AlarmNotRecorded, status.ID, status.State),
		Kind:     contract.AlarmNotRecorded,
		At:       now(ctx),
		Target:   holding.Access.Target,
		Grant:    holding.Grant,
		Requests: []string{status.ID},
		Actor:    contract.ActorCurfew,
		Text:     "The state of the request is not recorded: " + problem.Error(),
	})
	if err != nil {
		return err
	}
	return problem
}

// now is when the activity was started, by Temporal's clock: nothing here goes by that of the machine.
func now(ctx context.Context) time.Time { return activity.GetInfo(ctx).StartedTime.UTC() }

// holding reads what the target's workers have on record; the zero value when that is nothing.
func (g *Guard) holding(ctx context.Context, grant string) (ledger.Holding, error) {
	holding, err := g.Holdings.Read(ctx, grant)
	if errors.Is(err, ledger.ErrNotFound) {
		return ledger.Holding{}, nil
	}
	return holding, err
}
