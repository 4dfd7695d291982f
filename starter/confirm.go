package starter

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"curfew/activities/ledger"
	"curfew/internal/departure"
	"curfew/workflows/contract"
)

// confirmedWithin bounds how long a confirmation waits for the process that compares.
const confirmedWithin = 10 * time.Second

// comparison is what the directory of this moment has lost.
type comparison struct {
	directory departure.Directory
	held      []departure.Held
	missed    []departure.Departure
	absent    map[string]ledger.Absence
}

// compare finds what the directory has lost, and has the ledger remember since when. Whoever calls it has the lock.
func (s *Snapshot) compare(ctx context.Context) (c comparison, err error) {
	c.directory = departure.Of(s.config)
	if c.held, err = s.held(ctx); err != nil {
		return c, err
	}
	c.missed = c.directory.Departures(c.held)
	c.absent, err = s.departures.Absent(ctx, ledger.Observation{
		Observer: s.process, Absent: c.absences(), Lapse: departuresLapse,
	})
	return c, err
}

// absences are what the directory has lost that it may have again, and the version of the directory that has lost
// anything.
func (c comparison) absences() []string {
	if len(c.missed) == 0 {
		return nil
	}
	absent := []string{c.version()}
	for _, d := range c.missed {
		if d.Why != departure.Left {
			absent = append(absent, d.Absent())
		}
	}
	return distinct(absent)
}

func (c comparison) version() string { return "directory/" + c.directory.Digest() }

// occasion names this version of the directory, and since when somebody is missed by it. The same version that comes
// back later, by another mistake, is another occasion: what was confirmed before says nothing of it.
func (c comparison) occasion() string {
	return fmt.Sprintf("%s/%d", c.directory.Digest(), c.absent[c.version()].Since.UnixNano())
}

func (c comparison) stoppedAlarm() string {
	return fmt.Sprintf("%s/%s", contract.AlarmLeavingStopped, c.occasion())
}

// isStopped is true while nothing ends by this directory. What was stopped once stays so until it is confirmed, also
// when so much of the access has ended otherwise that the rest would be few.
func (s *Snapshot) isStopped(ctx context.Context, c comparison) (bool, error) {
	stopped := departure.TooMany(c.missed, c.held)
	if !stopped {
		before, err := s.alarms.List(ctx, ledger.AlarmFilter{Kind: contract.AlarmLeavingStopped})
		if err != nil {
			return true, err
		}
		stopped = slices.ContainsFunc(before, func(alarm contract.Alarm) bool { return alarm.ID == c.stoppedAlarm() })
	}
	if !stopped {
		return false, nil
	}
	_, err := s.departures.ConfirmedDirectory(ctx, c.occasion())
	if errors.Is(err, ledger.ErrNotFound) {
		return true, nil
	}
	return err != nil, err
}

// raiseStopped says once of each occasion that nothing ends by this directory.
func (s *Snapshot) raiseStopped(ctx context.Context, c comparison) error {
	return s.alarms.Raise(ctx, contract.Alarm{
		ID:       c.stoppedAlarm(),
		Kind:     contract.AlarmLeavingStopped,
		At:       now(),
		Requests: requestsOf(c.missed),
		Actor:    contract.ActorDirectory,
		Text: fmt.Sprintf(
			"By the directory of now the access of %d people would end, and that of %d may without being confirmed: nothing ends by it. "+
				"Correct the configuration, or confirm it with `curfew config confirm %s`",
			departure.People(c.missed),
			departure.Most(c.held),
			c.directory.Digest(),
		),
	})
}

// ConfirmDirectory lets the directory of this moment end whatever access it ends, however many people lose it, until
// another directory takes its place. It returns what ends by it; nothing is confirmed where nothing ends.
func (s *Snapshot) ConfirmDirectory(ctx context.Context, actor, digest string) ([]departure.Departure, error) {
	if err := s.allow(actor, OperationConfirmDirectory); err != nil {
		return nil, err
	}
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != 32 {
		return nil, contract.Invalid("%q is no digest of a directory", shortened(digest)).
			At("digest").
			Advise("copy it from the alarm leaving-stopped or from `curfew config diff`")
	}
	if current := departure.Of(s.config).Digest(); digest != current {
		return nil, contract.Conflict("the server's directory is another one by now: %s", current).
			At("digest").
			Advise("look at it again with `curfew config diff`")
	}
	found, err := s.confirm(ctx, actor)
	if err != nil {
		return nil, unavailable(err, "the ledger does not take the confirmation now")
	}
	if len(found.missed) == 0 {
		return nil, nil
	}
	return found.missed, s.raise(ctx, contract.Alarm{
		Kind:  contract.AlarmLeavingConfirmed,
		Actor: actor,
		Text: fmt.Sprintf(
			"%s confirmed the directory %s: access may end by it, however many people lose theirs",
			s.person(actor),
			digest,
		),
	})
}

// confirm remembers that somebody has confirmed this directory for this occasion.
func (s *Snapshot) confirm(ctx context.Context, actor string) (comparison, error) {
	ctx, cancel := context.WithTimeout(ctx, confirmedWithin)
	defer cancel()
	locked, err := s.holdings.Lock(ctx, departuresLock)
	if err != nil {
		return comparison{}, err
	}
	defer locked.Unlock()
	found, err := s.compare(ctx)
	if err != nil || len(found.missed) == 0 {
		return found, err
	}
	return found, s.departures.ConfirmDirectory(ctx, ledger.Confirmation{Digest: found.occasion(), By: actor})
}
