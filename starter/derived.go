package starter

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/oklog/ulid/v2"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// DerivedID is the id of the one request that belongs to something outside: made of when that began and of what tells it
// from all else, it is the same whoever derives it, and however often.
func DerivedID(began time.Time, of ...string) string {
	sum := sha256.New()
	for _, part := range of {
		digest := sha256.Sum256([]byte(part)) // so that no two lists of parts read the same
		sum.Write(digest[:])
	}
	var id ulid.ULID
	// It fails beyond the year 10889, and with less than the ten bytes that it takes.
	_ = errors.Join(id.SetTime(uint64(max(0, began.UnixMilli()))), id.SetEntropy(sum.Sum(nil)[:10]))
	return id.String()
}

// StartDerived starts the one request that belongs to something outside, under its DerivedID. One that is there already, running
// or over, is the same request: the ledger knows it also when Temporal has forgotten it.
func (s *Starter) StartDerived(ctx context.Context, ask Ask) (contract.Status, error) {
	s = s.snapshot()
	if err := checkID(ask.ID); err != nil {
		return contract.Status{}, err
	}
	status, _, err := s.events.Request(ctx, ask.ID)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		status, err = s.startDerived(ctx, ask)
	case err != nil:
		err = unreadable(err)
	}
	if err == nil && (status.Requester != ask.Requester || status.Template != ask.Template) {
		err = contract.Problemf(contract.KindConflict, "id", "see who has asked for it, and ask by hand",
			"the id %s is taken by a request of %s for %s", ask.ID, status.Requester, status.Template)
	}
	if err != nil {
		return contract.Status{}, err
	}
	return status, nil
}

func (s *Starter) startDerived(ctx context.Context, ask Ask) (contract.Status, error) {
	ask.derived = true
	request, err := s.check(ctx, ask, now())
	if err != nil {
		return contract.Status{}, err
	}
	fresh, err := s.launch(ctx, request)
	if err != nil {
		return contract.Status{}, err
	}
	if !fresh {
		return s.firstStatus(ctx, request.ID)
	}
	return s.asAsked(ctx, request), nil
}
