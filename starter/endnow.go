package starter

import (
	"cmp"
	"context"
	"errors"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// recordWithin bounds how long an end waits for the ledger before it goes on without it.
	recordWithin = 3 * time.Second
	// endedWithin bounds how long whoever ends a request waits for its workflow, which needs five seconds to say that
	// the access is gone. The end does not wait for it.
	endedWithin = 6 * time.Second
)

// Revoke ends access early. It is on record before Temporal hears of it, and from then on the targets' workers carry it
// out, whatever state Temporal is in.
func (s *Snapshot) Revoke(ctx context.Context, actor, id, reason string) (contract.Status, error) {
	if err := checkReason(reason); err != nil {
		return contract.Status{}, err
	}
	status, err := s.endable(ctx, actor, id, OperationRevoke)
	if err != nil {
		return contract.Status{}, err
	}
	return s.endNow(ctx, status, contract.UpdateRevoke, contract.End{Request: id, By: actor, Reason: reason, At: now()})
}

// Cancel takes a request back before it is decided.
func (s *Snapshot) Cancel(ctx context.Context, actor, id, reason string) (contract.Status, error) {
	if err := checkText(reason); err != nil {
		return contract.Status{}, err
	}
	status, err := s.endable(ctx, actor, id, OperationCancel)
	if err != nil {
		return contract.Status{}, err
	}
	return s.endNow(ctx, status, contract.UpdateCancel, contract.End{Request: id, By: actor, Reason: reason, At: now()})
}

// endable finds a request that the actor may end. What the ledger has of it is enough: Temporal need not answer, nor be
// believed. It is asked when the ledger does not allow it, because it may know better.
func (s *Snapshot) endable(ctx context.Context, actor, id string, op Operation) (contract.Status, error) {
	if err := cmp.Or(s.known(actor), checkID(id)); err != nil {
		return contract.Status{}, err
	}
	recorded, unrecorded := s.recorded(ctx, id)
	if unrecorded == nil && s.mayEnd(ctx, actor, op, recorded) == nil {
		return recorded, nil
	}
	status, _, unanswered := s.query(ctx, id)
	switch {
	case unanswered == nil:
	case unrecorded == nil:
		status = recorded
	case !errors.Is(unrecorded, ledger.ErrNotFound):
		return contract.Status{}, unreadable(errors.Join(unrecorded, unanswered))
	default:
		var err error
		if status, err = s.look(ctx, id); err != nil {
			return contract.Status{}, err
		}
	}
	return status, s.mayEnd(ctx, actor, op, status)
}

func (s *Snapshot) recorded(ctx context.Context, id string) (contract.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	status, _, err := s.events.Request(ctx, id)
	return status, err
}

// mayEnd refuses who may not, and what can't be ended in this way as the request stands.
func (s *Snapshot) mayEnd(ctx context.Context, actor string, op Operation, status contract.Status) error {
	if err := s.allowOn(ctx, actor, op, status); err != nil {
		return err
	}
	rule, _ := RuleOf(op)
	switch {
	case rule.fits(status):
		return nil
	case status.State == contract.StateEnded:
		return hasEnded(status)
	case op == OperationRevoke:
		return contract.Conflict("the request is %s: there is no access to revoke", status.State).
			Advise("cancel it instead")
	}
	return contract.Conflict("the request is %s already", status.State).Advise("revoke it instead")
}

// endNow puts an end on record, and then tells the request's workflow, which tells everybody else. A workflow that does
// not answer is told again later. When the ledger does not take the end, the workflow alone carries it out.
func (s *Snapshot) endNow(
	ctx context.Context,
	status contract.Status,
	update string,
	end contract.End,
) (contract.Status, error) {
	unrecorded := s.record(
		ctx,
		contract.Tombstone{Request: end.Request, Kind: contract.EndNow, By: end.By, Reason: end.Reason},
	)
	told, untold := s.tell(ctx, update, end)
	switch {
	case untold == nil:
		status = told
	case unrecorded != nil:
		return contract.Status{}, unavailable(
			errors.Join(unrecorded, untold),
			"neither the ledger nor the request's workflow takes the end now",
		)
	}
	if status.State != contract.StateEnded || unrecorded != nil {
		status.Ending = &contract.Ending{By: end.By, Reason: end.Reason, At: end.At, Unrecorded: unrecorded != nil}
	}
	return s.shown(ctx, status), nil
}

// record puts ends on record.
func (s *Snapshot) record(ctx context.Context, tombstones ...contract.Tombstone) error {
	ctx, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	return s.tombstones.AddTombstones(ctx, tombstones...)
}

// tell sends an end to a request's workflow: as a revoke or a cancellation, whichever fits by now.
func (s *Snapshot) tell(ctx context.Context, update string, end contract.End) (contract.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, endedWithin)
	defer cancel()
	other := map[string]string{contract.UpdateRevoke: contract.UpdateCancel, contract.UpdateCancel: contract.UpdateRevoke}[update]
	status, err := s.end(ctx, update, end)
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindConflict {
		status, err = s.end(ctx, other, end)
	}
	return status, err
}

// withEnding adds to a status that somebody has ended the request, while its story does not say so. A story may also
// never say it: whoever can write to Temporal may tell another one, and a workflow that hears of the end too late tells
// of the deadline.
func (s *Snapshot) withEnding(ctx context.Context, status contract.Status) contract.Status {
	if status.Outcome == contract.OutcomeRevoked || status.Outcome == contract.OutcomeWithdrawn {
		return status
	}
	t, err := s.tombstones.TombstoneOf(ctx, status.ID)
	if err == nil &&
		(status.State != contract.StateEnded || t.Kind == contract.EndNow || t.Kind == contract.EndKillSwitch) {
		status.Ending = ending(t)
	}
	return status
}

// withEndings does so for a page of a list.
func (s *Snapshot) withEndings(ctx context.Context, page []contract.Status) []contract.Status {
	untold := map[string]contract.Tombstone{}
	if err := s.eachUntold(ctx, func(t contract.Tombstone) { untold[t.Request] = t }); err != nil {
		return page
	}
	for i, status := range page {
		if t, ended := untold[status.ID]; ended && status.State != contract.StateEnded {
			page[i].Ending = ending(t)
		}
	}
	return page
}

func ending(t contract.Tombstone) *contract.Ending {
	return &contract.Ending{By: t.By, Reason: t.Reason, At: t.At}
}

const untoldPage = 500

func (s *Snapshot) eachUntold(ctx context.Context, do func(contract.Tombstone)) error {
	filter := ledger.UntoldFilter{Limit: untoldPage}
	for {
		page, err := s.tombstones.Untold(ctx, filter)
		if err != nil {
			return err
		}
		for _, t := range page {
			do(t)
		}
		if len(page) < untoldPage {
			return nil
		}
		filter.After = page[len(page)-1].Request
	}
}
