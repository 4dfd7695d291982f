package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"curfew/workflows/contract"
)

// Conclusion is the end of a request's record that no workflow is left to tell, as the holdings show it.
type Conclusion struct {
	Status contract.Status
	Events []contract.Event
}

// early is how long before its deadline access has to be gone to have ended early.
const early = time.Second

// Conclude makes the end of a record whose request has no workflow any more; nil while a holding is open for it. by is
// who has ended the request, or whoever makes the record.
func Conclude(ctx context.Context, holdings Holdings, status contract.Status, by contract.Ending) (*Conclusion, error) {
	c := conclusion{at: by.At, status: status, early: by.By != contract.ActorDeadline && status.Until != nil}
	c.status.Holds = slices.Clone(status.Holds)
	for i := range c.status.Holds {
		over, err := c.hold(ctx, holdings, &c.status.Holds[i])
		if err != nil || !over {
			return nil, err
		}
	}
	kinds, outcome := c.ends(by)
	c.status.State, c.status.Outcome, c.status.EndedAt, c.status.Ending, c.status.Untracked = contract.StateEnded, outcome, &by.At, nil, false
	c.status.Stuck, c.status.Extension = false, nil
	var events []contract.Event
	for _, kind := range kinds {
		c.status.Seq++
		events = append(events, contract.Event{
			Request: status.ID,
			Seq:     c.status.Seq,
			Kind:    kind,
			At:      by.At,
			Actor:   by.By,
			Said:    by.Reason,
			Detail: strings.Join(
				append(
					c.lines,
					"The request's workflow is gone from Temporal, so its ticket and its channels are not told.",
				),
				"\n",
			),
		})
	}
	return &Conclusion{Status: c.status, Events: events}, nil
}

type conclusion struct {
	at     time.Time
	status contract.Status
	lines  []string
	early  bool // all of it was gone before the deadline
	open   bool // somebody has taken access over
	doubt  bool // nobody can confirm that access is gone
}

// hold says what became of one entitlement; false while its holding is open for the request.
func (c *conclusion) hold(ctx context.Context, holdings Holdings, hold *contract.HoldState) (bool, error) {
	holding, err := holdings.Read(ctx, hold.Access.GrantID())
	lost := errors.Is(err, ErrNotFound)
	if err != nil && !lost {
		return false, err
	}
	lease, mine := holding.Leases.Find(c.status.ID)
	others := holding.Leases.Without(c.status.ID).Live(c.at)
	gone := holding.GoneAt
	var says string
	switch {
	case holding.Open && (len(others) == 0 || mine && lease.Until.After(c.at)):
		return false, nil
	case c.status.GrantedAt == nil:
		says = "never granted"
	case holding.Open:
		until := others.End()
		hold.HeldUntil, says = &until, "kept up by another request until "+until.UTC().Format(time.RFC3339)
	case holding.Standing || hold.Standing:
		hold.Standing, says = true, "was there before, and stays"
	case lost || gone.Before(*c.status.GrantedAt) && !gone.IsZero():
		c.doubt, says = true, "the ledger has lost its record: look whether the access is gone"
		hold.RemovedAt, hold.Problem = &c.at, says
	case gone.IsZero():
		c.open, says = true, "may still be there: somebody has taken it over, whom the alarm taken-over names"
		hold.Problem = says
	case holding.Proof.Unconfirmed:
		c.doubt, hold.RemovedAt = true, &gone
		says = "removed at " + gone.UTC().Format(time.RFC3339) + "; Curfew can't confirm that it is gone"
	default:
		hold.GoneAt, says = &gone, "gone, seen at "+gone.UTC().Format(time.RFC3339)
	}
	hold.Held, hold.AlreadyAbsent = false, holding.Proof.Absent && hold.GoneAt != nil
	c.early = c.early && !gone.IsZero() && gone.Before(c.status.Until.Add(-early))
	c.lines = append(c.lines, fmt.Sprintf("%s: %s", hold.Access.Target, says))
	return true, nil
}

// ends are the events that a request ends by, and its outcome.
func (c *conclusion) ends(by contract.Ending) ([]contract.EventKind, contract.Outcome) {
	byPerson := !slices.Contains([]string{contract.ActorSweep, contract.ActorDeadline, contract.ActorCurfew}, by.By)
	switch state := c.status.State; {
	case c.open:
		return []contract.EventKind{contract.EventTakenOver}, contract.OutcomeTakenOver
	case c.doubt:
		return []contract.EventKind{contract.EventUnconfirmed}, contract.OutcomeUnconfirmed
	case byPerson && (state == contract.StatePending || state == contract.StateScheduled):
		return []contract.EventKind{contract.EventWithdrawn}, contract.OutcomeWithdrawn
	case c.status.GrantedAt == nil && !byPerson:
		return []contract.EventKind{contract.EventFailed}, contract.OutcomeFailed
	case !byPerson && !c.early:
		return []contract.EventKind{contract.EventExpired}, contract.OutcomeExpired
	case state == contract.StateRevoking:
		return []contract.EventKind{contract.EventRevoked}, contract.OutcomeRevoked
	}
	return []contract.EventKind{contract.EventRevoking, contract.EventRevoked}, contract.OutcomeRevoked
}
