package seal_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

func TestADecisionThatWaitsForItsStartGivesNoAccess(t *testing.T) {
	t.Parallel()
	o := open(t)
	v := verifier(t, o.keys, now)
	granted := o.decided(t, o.grounds(t, "p-carol", "p-dave"))
	waits := granted
	waits.Decision.Fact.Ruling, waits.Decision.Fact.Until = contract.RulingScheduled, time.Time{}
	waits.Decision = sealed(t, o.decider, seal.OfDecision(waits.Decision.Fact), waits.Decision.Fact)
	require.NoError(t, v.Scheduled(sent(t, waits)))
	_, err := v.Allows(sent(t, waits), request().ID, request().Terms.Accesses[0])
	requireRefused(t, err, `its ruling is "scheduled"`)

	requireRefused(t, v.Scheduled(granted), `its ruling is "grant"`)
	waits.Decision = sealed(t, o.server, seal.OfDecision(waits.Decision.Fact), waits.Decision.Fact)
	requireRefused(t, v.Scheduled(waits), "a server key may not")
}
