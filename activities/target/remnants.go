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

// remnantsWithin is how long a revoke waits for what outlives the access. It goes ahead without, if need be.
const remnantsWithin = time.Second

// remnantsOf asks the target what outlives access that is about to be revoked.
func remnantsOf(ctx context.Context, connector Connector, doomed Access) (lines []string, err error) {
	teller, ok := connector.(RemnantTeller)
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, remnantsWithin)
	defer cancel()
	return teller.Remnants(ctx, doomed)
}

// reportRemnants raises the alarm about what outlives an access that was revoked, and notes what could not be found out. The same
// is reported once.
func (s *systems) reportRemnants(ctx context.Context, of contract.Access, leases contract.Leases, gone removed) {
	if gone.unasked != nil {
		s.log.Warn("the target did not say what outlives the access", zapGrant(of.GrantID()), zapError(gone.unasked))
	}
	if len(gone.remnants) == 0 {
		return
	}
	text := strings.Join(gone.remnants, "; ")
	s.log.Warn("what the access opened was given on, and stays", zapGrant(of.GrantID()), zap.Strings("remnants", gone.remnants))
	sum := sha256.Sum256([]byte(text))
	err := s.alarms.Raise(ctx, contract.Alarm{
		ID:   fmt.Sprintf("%s/%s/%s", of.GrantID(), contract.AlarmGivenOn, hex.EncodeToString(sum[:8])),
		Kind: contract.AlarmGivenOn, At: time.Now().UTC(), Target: of.Target, Grant: of.GrantID(), Requests: leases.Requests(), Actor: contract.ActorCurfew,
		Text: "While " + of.Account + " had the access, what it opens was given on, and that stays: " + text + ". See at the target what of it should not be there.",
	})
	if err != nil {
		s.log.Error("the ledger did not take an alarm", zapGrant(of.GrantID()), zapError(err))
	}
}
