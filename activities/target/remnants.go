package target

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"curfew/workflows/contract"
)

// remnantsWithin is how long an end that has revoked the access waits for what outlives it. It goes on without, if need
// be.
const remnantsWithin = time.Second

// revoke takes the access away. remnants is nil where the target can't say what outlives it.
func revoke(ctx context.Context, connector Connector, doomed Access) (revoked Revoked, remnants Remnants, err error) {
	if teller, ok := as[RemnantTeller](connector); ok {
		revoked, err = timed(connector, "Revoke", func() (answer Revoked, err error) {
			answer, remnants, err = teller.RevokeTelling(ctx, doomed)
			return answer, err
		})
		return revoked, remnants, err
	}
	revoked, err = connector.Revoke(ctx, doomed)
	return revoked, nil, err
}

// find asks for what outlives the access.
func (r Remnants) find(ctx context.Context) ([]string, error) {
	if r == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, remnantsWithin)
	defer cancel()
	return r(ctx)
}

// reportRemnants raises the alarm about what outlives an access that was revoked, and notes what could not be found
// out. The same is reported once.
func (s *systems) reportRemnants(ctx context.Context, of contract.Access, leases contract.Leases, gone removed) {
	if gone.unasked != nil {
		s.log.Warn("the target did not say what outlives the access", zapGrant(of.GrantID()), zapError(gone.unasked))
	}
	if len(gone.remnants) == 0 {
		return
	}
	text := strings.Join(gone.remnants, "; ")
	s.log.Warn(
		"what the access opened was given on, and stays",
		zapGrant(of.GrantID()),
		zap.Strings("remnants", gone.remnants),
	)
	sum := sha256.Sum256([]byte(text))
	err := s.alarms.Raise(ctx, contract.Alarm{
		ID:       fmt.Sprintf("%s/%s/%s", of.GrantID(), contract.AlarmGivenOn, hex.EncodeToString(sum[:8])),
		Kind:     contract.AlarmGivenOn,
		At:       time.Now().UTC(),
		Target:   of.Target,
		Grant:    of.GrantID(),
		Requests: leases.Requests(),
		Actor:    contract.ActorCurfew,
		Text:     "While " + of.Account + " had the access, what it opens was given on, and that stays: " + text + ". See at the target what of it should not be there.",
	})
	if err != nil {
		s.log.Error("the ledger did not take an alarm", zapGrant(of.GrantID()), zapError(err))
	}
}
