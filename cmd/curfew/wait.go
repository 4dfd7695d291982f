package main

import (
	"context"
	"errors"
	"fmt"

	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// patience is whether a request is waited for, and how long.
type patience struct {
	wait bool
	// throughSchedule waits for the start of a request that has been approved for later.
	throughSchedule bool
}

// over is true when there is nothing to wait for any more.
func (w patience) over(status contract.Status) bool {
	switch status.State {
	case contract.StateActive, contract.StateRevoking, contract.StateEnded:
		return true
	case contract.StateScheduled:
		return !w.throughSchedule
	default:
		return false
	}
}

// await returns a request once there is access, or there will be none. On the way it tells people what happens. Whoever
// stops waiting leaves the request standing, and is told so.
func (p *program) await(
	ctx context.Context, remote *client.Client, status client.Answer[contract.Status], how patience,
) (client.Answer[contract.Status], error) {
	wait := p.awaitTelling
	if p.interactive() {
		wait = p.awaitShowing
	}
	latest, err := wait(ctx, remote, status, how)
	if ctx.Err() != nil || errors.Is(err, errLeft) {
		return latest, standing(latest.Value.ID)
	}
	return latest, err
}

// standing is how the waiting ends when somebody has had enough of it.
func standing(id string) error {
	return &ending{
		exitStanding,
		fmt.Sprintf("the request stands: curfew watch %s goes on watching, curfew cancel %s takes it back", id, id),
	}
}

// awaitTelling prints what happens, line by line.
func (p *program) awaitTelling(
	ctx context.Context, remote *client.Client, status client.Answer[contract.Status], how patience,
) (client.Answer[contract.Status], error) {
	return follow(
		ctx,
		remote,
		status,
		how,
		func(event client.Answer[contract.Event], _ client.Answer[contract.Status]) error {
			if p.output == outputJSON {
				return nil
			}
			return p.tellEvent(event)
		},
	)
}

// errOver stops following a request's events.
var errOver = errors.New("there is nothing to wait for any more")

// follow tells each event of a request, and how the request stands then, until there is nothing to wait for. With an
// error it returns the newest status that it has seen.
func follow(
	ctx context.Context, remote *client.Client, status client.Answer[contract.Status], how patience,
	tell func(client.Answer[contract.Event], client.Answer[contract.Status]) error,
) (client.Answer[contract.Status], error) {
	if how.over(status.Value) {
		return status, nil
	}
	ended, err := remote.Follow(
		ctx,
		status.Value.ID,
		status.Value.Seq,
		func(event client.Answer[contract.Event]) error {
			latest, err := remote.Show(ctx, status.Value.ID)
			if err != nil {
				return err
			}
			status = latest
			if err := tell(event, status); err != nil {
				return err
			}
			if how.over(status.Value) {
				return errOver
			}
			return nil
		},
	)
	switch {
	case err == nil:
		return ended, nil
	case errors.Is(err, errOver):
		return status, nil
	default:
		return status, err
	}
}
