package contract_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestARequestDoesNotGoBackInItsLife(t *testing.T) {
	t.Parallel()
	at, later := time.Now(), time.Now().Add(time.Hour)
	pending := contract.Status{State: contract.StatePending}
	granting := contract.Status{State: contract.StateGranting}
	active := contract.Status{State: contract.StateActive, GrantedAt: &at}
	again := contract.Status{State: contract.StateActive, GrantedAt: &later}
	lapsed := contract.Status{State: contract.StateEnded, Outcome: contract.OutcomeLapsed, EndedAt: &later}
	failed := contract.Status{State: contract.StateEnded, Outcome: contract.OutcomeFailed, EndedAt: &later}
	expired := contract.Status{
		State:     contract.StateEnded,
		Outcome:   contract.OutcomeExpired,
		GrantedAt: &at,
		EndedAt:   &later,
	}
	sooner := expired
	sooner.EndedAt = &at

	for _, way := range [][]contract.Status{
		{{}, pending, pending, granting, active, active, expired, expired}, {pending, lapsed}, {pending, granting, failed},
	} {
		for i := 1; i < len(way); i++ {
			require.True(t, way[i].MayFollow(way[i-1]), "%s after %s", way[i].State, way[i-1].State)
		}
	}
	for name, pair := range map[string][2]contract.Status{
		"back to pending":                {active, pending},
		"granted at another time":        {active, again},
		"lapsed though granted":          {active, lapsed},
		"lapsed though approved":         {granting, lapsed},
		"failed though granted":          {active, failed},
		"lapsed though ended":            {expired, lapsed},
		"alive though ended":             {expired, active},
		"ended at another time as first": {expired, sooner},
	} {
		require.False(t, pair[1].MayFollow(pair[0]), name)
	}
}
