package target

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// DetectDrift is the activity contract.ActivityLook: it sees whether live access is there, and changes nothing. When
// somebody else has taken the access away it raises the alarm, unless that is known.
func (a *Activities) DetectDrift(
	ctx context.Context,
	command contract.DetectDriftCommand,
) (contract.DetectDriftReceipt, error) {
	drifted, err := a.detectDrift(ctx, command, startedAt(ctx))
	return contract.DetectDriftReceipt{Held: err == nil && !drifted}, activities.Error(err)
}

func (a *Activities) detectDrift(
	ctx context.Context,
	command contract.DetectDriftCommand,
	clock serverClock,
) (bool, error) {
	found, err := a.find(command.Access.Target)
	if err != nil || command.Leases.Unread() {
		return false, err
	}
	known := ledger.Proof{Identity: command.Identity, Shown: true}
	isGone := func(ctx context.Context) (bool, error) {
		state, err := found.Connector.Inspect(ctx, access(command.Access, command.Leases).known(known))
		return err == nil && !state.Held && doubt(state, known, false) == "", err
	}
	if gone, err := isGone(ctx); err != nil || !gone {
		return false, err
	}
	var live ledger.Holding
	drifted, err := ledger.Confirm(
		ctx,
		a.holdings,
		command.Access.GrantID(),
		func(ctx context.Context, holding ledger.Holding) (bool, error) {
			live = holding
			if ended, err := a.ended(ctx, holding, clock.now()); err != nil || ended {
				return false, err
			}
			return isGone(ctx)
		},
	)
	if err != nil {
		return false, contract.Unavailable(
			"the access is not there, and whether Curfew has taken it away can't be seen: %v",
			err,
		)
	}
	if !drifted || command.Known {
		return drifted, nil
	}
	return true, a.alarms.Raise(ctx, drift(live, activity.GetInfo(ctx), clock.now()))
}

// drift is the alarm about access that somebody has taken away. A retry of the same look raises the same one.
func drift(live ledger.Holding, look activity.Info, now time.Time) contract.Alarm {
	id := []string{live.Grant, string(contract.AlarmDrifted), look.WorkflowExecution.RunID, look.ActivityID}
	return contract.Alarm{
		ID:       strings.Join(id, "/"),
		Kind:     contract.AlarmDrifted,
		At:       now,
		Target:   live.Access.Target,
		Grant:    live.Grant,
		Requests: live.Leases.Requests(),
		Actor:    contract.ActorCurfew,
		Text: fmt.Sprintf("Somebody took the access of %s away, which was to end at %s.",
			live.Access.Account, live.Until.UTC().Format(time.RFC3339)),
	}
}

// ended is true when it is Curfew itself that has taken access away which is not there, or is about to: its end has
// come, its requests have ended, or it was taken away without the lock and is not settled yet.
func (a *Activities) ended(ctx context.Context, holding ledger.Holding, now time.Time) (bool, error) {
	if !holding.Open || holding.Standing || !holding.Until.After(now) || a.unsettled.has(holding.Grant) {
		return true, nil
	}
	return a.allEnded(ctx, holding)
}

// TakeOver is the activity contract.ActivityTakeOver: it closes a holding without having seen the access to be gone,
// because a person answers for it. Nobody is told when it went.
func (a *Activities) TakeOver(ctx context.Context, command contract.TakeOverCommand) error {
	if err := a.verifyTakeOver(command); err != nil {
		return activities.Error(err)
	}
	clock := startedAt(ctx)
	if err := a.checkEpoch(ctx, command.Access, command.Token, clock); err != nil {
		return activities.Error(err)
	}
	locked, err := a.holdings.Lock(ctx, command.Access.GrantID())
	if err != nil {
		return activities.Error(err)
	}
	defer locked.Unlock()
	ctx, done := whileHeld(ctx)
	defer done()
	holding := locked.Holding()
	if !holding.Open || command.Token.Before(holding.Token) {
		return nil
	}
	by := command.TakeOver.Fact
	var takenOver []contract.Tombstone
	for _, request := range holding.Leases.Requests() {
		takenOver = append(
			takenOver,
			contract.Tombstone{
				Request: request,
				Grant:   holding.Grant,
				Kind:    contract.EndTakenOver,
				By:      by.By,
				Reason:  by.Reason,
			},
		)
	}
	if err := a.record(ctx, holding.Grant, takenOver); err != nil {
		return activities.Error(contract.Unavailable("the ledger does not take it now"))
	}
	holding = over(holding, clock.now())
	holding.Token, holding.Proof.TakenOver = command.Token, &command.TakeOver
	return activities.Error(locked.Save(ctx, holding))
}

// verifyTakeOver refuses a take-over that is of another grant, or that the server has not sealed.
func (a *Activities) verifyTakeOver(command contract.TakeOverCommand) error {
	by := command.TakeOver.Fact
	if by.Grant != command.Access.GrantID() {
		return contract.Forbidden("the take-over is of another grant").At("grant")
	}
	if a.verifier == nil {
		return nil
	}
	_, err := a.verifier.AnyDate().Verify(seal.OfTakeOver(by), by, command.TakeOver.Seal)
	return err
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}
