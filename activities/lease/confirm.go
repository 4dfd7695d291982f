package lease

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"

	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// recordWithin is how long a release waits for the ledger. It goes ahead without.
const recordWithin = 2 * time.Second

func (a *Activities) recordEnd(ctx context.Context, in contract.ReleaseInput) {
	within, done := context.WithTimeout(ctx, recordWithin)
	defer done()
	by, reason := a.endedBy(in)
	err := a.Tombstones.AddTombstones(
		within,
		contract.Tombstone{Request: in.Request, Kind: contract.EndReleased, By: by, Reason: reason},
	)
	if err != nil {
		activity.GetLogger(ctx).Warn("an end is not on record yet", "request", in.Request, "error", err)
	}
}

// endedBy is who has ended a request. A release runs for anybody's workflow: who has not sealed that the request is to
// end is named in the reason only.
func (a *Activities) endedBy(in contract.ReleaseInput) (by, reason string) {
	end := in.End.Fact
	if a.Verifier == nil || contract.IsSystem(end.By) {
		return end.By, end.Reason
	}
	_, err := a.Verifier.AnyDate().Verify(seal.OfEnd(end), end, in.End.Seal)
	if err == nil && end.Request == in.Request {
		return end.By, end.Reason
	}
	return contract.ActorSignal, "By " + end.By + ": " + end.Reason
}

// confirm holds a grant's answer against the holding: a workflow that bears the grant's name may say anything. What the
// holding does not bear out yet is asked again; the target's workers carry out the end that is on record.
func (a *Activities) confirm(
	ctx context.Context,
	in contract.ReleaseInput,
	result contract.ReleaseResult,
) (contract.ReleaseResult, error) {
	if !result.Over() || result.TakenOver != nil {
		return result, nil
	}
	holding, err := a.Holdings.Read(ctx, in.Access.GrantID())
	switch {
	case errors.Is(err, ledger.ErrNotFound) && result.HeldUntil.IsZero():
		return result, nil // nothing was ever put there
	case errors.Is(err, ledger.ErrNotFound):
		return result, unconfirmed("the ledger knows of no access that is kept up")
	case err != nil:
		return result, unconfirmed(err.Error())
	case !holding.Open && result.HeldUntil.IsZero():
		return result, nil
	case !holding.Open:
		return contract.ReleaseResult{
			Request: in.Request, GoneAt: holding.GoneAt, Standing: holding.Standing, TakenOver: holding.Proof.TakenOver,
		}, nil
	}
	others, err := a.others(ctx, in.Request, holding.Leases)
	_, mine := holding.Leases.Find(in.Request)
	switch {
	case err != nil:
		return result, unconfirmed(err.Error())
	case len(others) == 0:
		return result, unconfirmed("the holding is open, and no other request keeps it up")
	case mine:
		return result, unconfirmed("the holding still has the request's own lease")
	case !result.HeldUntil.IsZero():
		result.HeldUntil, result.HeldBy = others.End(), others.Last()
	}
	return result, nil // or somebody else has it anew
}

// others are the leases of other requests that go on.
func (a *Activities) others(ctx context.Context, request string, leases contract.Leases) (contract.Leases, error) {
	leases = leases.Without(request).Live(activity.GetInfo(ctx).StartedTime)
	for _, other := range leases.Requests() {
		switch _, err := a.Tombstones.TombstoneOf(ctx, other); {
		case err == nil:
			leases = leases.Without(other)
		case !errors.Is(err, ledger.ErrNotFound):
			return nil, err
		}
	}
	return leases, nil
}

func unconfirmed(why string) error {
	return contract.Unavailable("the grant says that it is over, which is not seen yet: %s", why)
}
