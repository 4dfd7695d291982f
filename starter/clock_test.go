package starter_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/clock"
	"curfew/activities/ledger/sqlite"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/workflows/contract"
)

// Its clock is five minutes behind Temporal's. What it would seal now, others could not believe, or not for long.
func TestAServerWithAWrongClockTakesNoRequestsAndEndsWhatThereIs(t *testing.T) {
	t.Parallel()
	temporalClient := temporal.Start(t).Client(t)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "curfew.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	off := -5 * time.Minute
	watch := clock.New(clock.Options{
		Process:   "the server 1@host",
		Temporal:  temporalClient,
		Namespace: contract.Namespace,
		Ledger:    store,
		Alarms:    store,
		Log:       zap.NewNop(),
		Now:       func() time.Time { return time.Now().Add(off) },
	})
	watch.Compare(t.Context())
	configured := &config.Config{
		Directory: people.Directory{
			People: map[string]people.Person{"alice": {}},
			Roles:  people.Roles{Operators: []string{"alice"}},
		},
		Templates: map[string]config.Template{"debug": {
			Duration: config.Durations{
				Default: contract.Duration{Duration: time.Hour},
				Max:     contract.Duration{Duration: time.Hour},
			},
			Ticket:  config.Ticket{Use: config.TicketNone},
			Pending: contract.Duration{Duration: time.Hour},
		}},
	}
	s, err := starter.New(
		starter.Options{Temporal: temporalClient, Config: reload.Fixed(configured), Ledger: store, Clock: watch},
	)
	require.NoError(t, err)
	ask := starter.Ask{Template: "debug", Requester: "alice", Purpose: contract.Purpose{Reason: "why"}, Source: "test"}

	_, err = s.Current().Start(t.Context(), ask)
	problem := requireProblem(t, err, contract.KindUnavailable, "clock")
	require.Contains(t, problem.Fault, "The clock of the server 1@host is 5m0s behind Temporal's")
	_, err = s.Current().End(t.Context(), "alice", starter.Selection{All: true}, "an intruder", false)
	require.NoError(t, err, "the kill switch needs no clock")

	off = 0
	_, err = s.Current().Start(t.Context(), ask)
	require.NoError(t, err)
}
