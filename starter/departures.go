package starter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/internal/config"
	"curfew/internal/departure"
	"curfew/workflows/contract"
)

const (
	// departuresEvery is how soon a server compares a directory that has changed with what is held.
	departuresEvery = 2 * time.Second
	// departuresAgain is how often it does so while somebody is missed, and departuresAnyway while nobody is.
	departuresAgain  = 5 * time.Second
	departuresAnyway = time.Minute
	// departuresLapse is when what another server has missed counts no more, because it has not said so again: it
	// compares far more often while it misses anybody.
	departuresLapse = 2 * time.Minute
	// departuresWithin bounds one comparison.
	departuresWithin = time.Minute
	// departuresLock is what the process holds that acts on departures. It is no grant's id.
	departuresLock = "departures"
)

// EndDepartures runs in a server until the context ends: it ends the access of whom the directory does not have any
// more. Of several servers one acts at a time.
func (s *Starter) EndDepartures(ctx context.Context) {
	every := time.NewTicker(departuresEvery)
	defer every.Stop()
	var last compared
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			current := s.Current()
			if !last.due(current.config, time.Now()) {
				continue
			}
			outstanding, err := current.endDepartures(ctx)
			if err != nil && ctx.Err() == nil {
				s.log.Warn(
					"what people have can't be compared with the directory; it is compared again",
					zap.Error(err),
				)
			}
			last = compared{with: current.config, at: time.Now(), clean: err == nil && !outstanding}
		}
	}
}

// compared is the last comparison with the directory.
type compared struct {
	with  *config.Config
	at    time.Time
	clean bool // nobody was missed
}

func (c compared) due(now *config.Config, at time.Time) bool {
	pause := departuresAgain
	if c.clean {
		pause = departuresAnyway
	}
	return c.with != now || at.Sub(c.at) >= pause
}

// endDepartures compares once. Outstanding is true while somebody is missed whose access has not ended.
func (s *Snapshot) endDepartures(ctx context.Context) (outstanding bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, departuresWithin)
	defer cancel()
	locked, err := s.holdings.Lock(ctx, departuresLock)
	if err != nil {
		return true, err
	}
	defer locked.Unlock()
	found, err := s.compare(ctx)
	if err != nil || len(found.missed) == 0 {
		return err != nil, err
	}
	if stopped, err := s.isStopped(ctx, found); err != nil || stopped {
		return true, cmp.Or(err, s.raiseStopped(ctx, found))
	}
	var due, later []departure.Departure
	after := s.config.Departures.After.Duration
	for _, d := range found.missed {
		if d.Why == departure.Left || found.absent[d.Absent()].Lasts >= after {
			due = append(due, d)
		} else {
			later = append(later, d)
		}
	}
	return len(later) > 0, errors.Join(s.endDue(ctx, due), s.raiseLeaving(ctx, later, found.absent))
}

// held is everything that requests hold up for people, or would: but those of requests that somebody has ended already.
func (s *Snapshot) held(ctx context.Context) ([]departure.Held, error) {
	requests := map[string]contract.Status{}
	take := func(status contract.Status) { requests[status.ID] = status }
	if err := s.eachOpen(ctx, Selection{All: true}, take); err != nil {
		return nil, err
	}
	known := map[string]EndedRequest{}
	for id := range requests {
		known[id] = EndedRequest{}
	}
	ended := func(status contract.Status) { // as far as the ledger knows, though its holding is open
		if _, err := s.tombstones.TombstoneOf(ctx, status.ID); errors.Is(err, ledger.ErrNotFound) {
			take(status)
		}
	}
	if err := s.eachHeld(ctx, Selection{All: true}, known, ended); err != nil {
		return nil, err
	}
	if err := s.eachUntold(ctx, func(t contract.Tombstone) { delete(requests, t.Request) }); err != nil {
		return nil, err
	}
	var held []departure.Held
	for id, status := range requests {
		held = append(held, departure.Held{Request: id, Person: status.Subject})
		for _, hold := range status.Holds {
			if hold.Held || status.State != contract.StatePending && status.State != contract.StateScheduled {
				held = append(
					held,
					departure.Held{
						Request: id,
						Person:  status.Subject,
						Target:  hold.Access.Target,
						Account: hold.Access.Account,
					},
				)
			}
		}
	}
	slices.SortFunc(held, func(a, b departure.Held) int {
		return cmp.Or(cmp.Compare(a.Request, b.Request), cmp.Compare(a.Target, b.Target))
	})
	return held, nil
}

// endDue ends requests as the kill switch does.
func (s *Snapshot) endDue(ctx context.Context, due []departure.Departure) error {
	if len(due) == 0 {
		return nil
	}
	var tombstones []contract.Tombstone
	var lines []string
	for _, d := range due {
		why := s.whyDeparted(d)
		tombstones = append(
			tombstones,
			contract.Tombstone{Request: d.Request, Kind: contract.EndLeft, By: contract.ActorDirectory, Reason: why},
		)
		lines = append(lines, why)
	}
	if err := s.record(ctx, tombstones...); err != nil {
		return err
	}
	s.tellNow(ctx, tombstones)
	return s.raise(ctx, contract.Alarm{
		Kind: contract.AlarmEnded, Requests: requestsOf(due), Actor: contract.ActorDirectory,
		Text: fmt.Sprintf("Curfew ended %s: %s", counted(len(due)), strings.Join(distinct(lines), " ")),
	})
}

// whyDeparted says it to the person, on the ticket and to operators.
func (s *Snapshot) whyDeparted(d departure.Departure) string {
	switch d.Why {
	case departure.Left:
		return s.person(d.Person) + " has left."
	case departure.Missing:
		return d.Person + " is not in the directory any more."
	case departure.Changed:
		return fmt.Sprintf("%s does not have the account %s on %s any more.", s.person(d.Person), d.Account, d.Target)
	}
	return ""
}

// raiseLeaving says once of each absence that it will end access.
func (s *Snapshot) raiseLeaving(
	ctx context.Context,
	later []departure.Departure,
	absent map[string]ledger.Absence,
) error {
	byAbsence := map[string][]departure.Departure{}
	for _, d := range later {
		byAbsence[d.Absent()] = append(byAbsence[d.Absent()], d)
	}
	after := s.config.Departures.After
	var all error
	for name, missed := range byAbsence {
		since := absent[name].Since
		all = errors.Join(all, s.alarms.Raise(ctx, contract.Alarm{
			ID: fmt.Sprintf(
				"%s/%s/%d",
				contract.AlarmLeaving,
				name,
				since.UnixNano(),
			),
			Kind:     contract.AlarmLeaving,
			At:       now(),
			Requests: requestsOf(missed),
			Actor:    contract.ActorDirectory,
			Target:   missed[0].Target,
			Text: fmt.Sprintf(
				"%s Their access ends %s after %s: put it back into the configuration if that is a mistake",
				s.whyDeparted(missed[0]),
				after,
				since.UTC().Format(time.RFC3339),
			),
		}))
	}
	return all
}

func requestsOf(departures []departure.Departure) []string {
	ids := make([]string, len(departures))
	for i, d := range departures {
		ids[i] = d.Request
	}
	return ids
}

// Holders are all that people have, and wait for, by what is held: for comparing it with another version of the
// directory.
func (s *Snapshot) Holders(ctx context.Context, actor string) ([]departure.Held, error) {
	if err := s.allow(actor, OperationHolders); err != nil {
		return nil, err
	}
	held, err := s.held(ctx)
	if err != nil {
		return nil, unreadable(err)
	}
	return held, nil
}
