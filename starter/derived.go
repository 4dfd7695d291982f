package starter

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/oklog/ulid/v2"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// Origin is what the one request that an entry point starts belongs to: when that began, and what tells it from all
// else.
type Origin struct {
	Began time.Time
	Of    []string
	// Admit says whether the request may be started now, if it is not there yet; nil: it may.
	Admit func() error
}

// roomAgain is when a source asks again for somebody for whom it has asked too much; at most twice as long, so that not
// all of them come at once.
const roomAgain = 5 * time.Minute

// DerivedID is the id of the one request that belongs to an origin. It is the same at every server, and nobody without
// their secret can make it: an id that could be foreseen could be taken by somebody else's request.
func (s *Starter) DerivedID(origin Origin) (string, error) {
	ids, err := s.derivedIDs(origin)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// derivedIDs are the id that a request of this origin gets, and after it those that it may have by secrets that were
// replaced.
func (s *shared) derivedIDs(origin Origin) ([]string, error) {
	names, err := s.secrets.Names("request ids", origin.Of...)
	if err != nil {
		return nil, problemOf(err, "")
	}
	ids := make([]string, 0, len(names))
	for _, name := range names {
		var id ulid.ULID
		// It fails beyond the year 10889, and with less than the ten bytes that it takes.
		_ = errors.Join(id.SetTime(uint64(max(0, origin.Began.UnixMilli()))), id.SetEntropy(name[:10]))
		ids = append(ids, id.String())
	}
	return ids, nil
}

// StartDerived starts the one request that belongs to an origin, under its derived id. One that is there already,
// running or over, is the same request: the ledger knows it also when Temporal has forgotten it.
func (s *Snapshot) StartDerived(ctx context.Context, ask Ask, origin Origin) (contract.Status, error) {
	ids, err := s.derivedIDs(origin)
	if err != nil {
		return contract.Status{}, err
	}
	for _, id := range ids {
		status, there, err := s.startedBefore(ctx, id, ask)
		if err != nil || there {
			return status, err
		}
	}
	ask.ID, ask.derived = ids[0], true
	request, err := s.check(ctx, ask, now())
	if err != nil {
		return contract.Status{}, err
	}
	if err := s.hasRoom(ctx, request); err != nil {
		if full, known := contract.ProblemOf(err); known {
			full.RetryAfter.Duration = roomAgain + rand.N(roomAgain) //nolint:gosec // it only spreads them
		}
		return contract.Status{}, err
	}
	if origin.Admit != nil {
		if err := origin.Admit(); err != nil {
			return contract.Status{}, err
		}
	}
	fresh, err := s.launch(ctx, request)
	switch {
	case err != nil:
		return contract.Status{}, err
	case fresh:
		return s.asAsked(ctx, request), nil
	}
	status, _, err := s.startedBefore(ctx, request.ID, ask)
	return status, err
}

// startedBefore finds the request under a derived id, and holds that it is the one that the entry point would start.
func (s *Snapshot) startedBefore(
	ctx context.Context,
	id string,
	ask Ask,
) (status contract.Status, there bool, err error) {
	status, _, err = s.events.Request(ctx, id)
	unrecorded := errors.Is(err, ledger.ErrNotFound)
	if err != nil && !unrecorded {
		return status, false, unreadable(err)
	}
	asked, err := s.Asked(ctx, id)
	problem, known := contract.ProblemOf(err)
	switch missing := known && problem.Kind == contract.KindNotFound; {
	case missing && unrecorded:
		return status, false, nil
	case missing: // Temporal has forgotten it: nobody without the servers' secret could have asked under this id
		return status, true, nil
	case err != nil:
		return status, false, err
	case asked.Source != ask.Source || asked.Requester != ask.Requester || asked.Template != ask.Template ||
		ask.Ticket != asked.Ticket || ask.Incident != asked.Incident:
		return status, false, contract.Conflict("the id %s is taken by a request of %s for %s", id, asked.Requester, asked.Template).
			At("id").
			Advise("see who has asked for it, and ask by hand")
	case unrecorded:
		status = s.asAsked(ctx, asked)
	}
	return status, true, nil
}

// Asked is a request exactly as it was asked for, sealed by a server, whoever may see it. It is for entry points that
// have to know what they have started: an id says nothing of that.
func (s *Snapshot) Asked(ctx context.Context, id string) (contract.Request, error) {
	request, err := s.firstRequest(ctx, id)
	if err != nil {
		return contract.Request{}, err
	}
	if _, err := s.digestOf(request); err != nil {
		return contract.Request{}, err
	}
	return request.Fact, nil
}
