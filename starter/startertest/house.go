// Package startertest sets up what the starter and its entry points stand on, for tests: a real Temporal server and a
// real ledger, a stand-in of Jira, and a small directory.
package startertest

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"curfew/activities/group"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/ticket/jira"
	"curfew/activities/ticket/zephyr"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/internal/sandbox"
	jirasandbox "curfew/internal/sandbox/jira"
	zephyrsandbox "curfew/internal/sandbox/zephyr"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/workflows/contract"
)

// House is what a test's starter stands on. No worker runs in it.
type House struct {
	Starter  *starter.Starter
	Config   *config.Config // to be changed before anything is asked
	Live     *reload.Live   // of Config
	Ledger   *sqlite.Store
	Temporal *temporal.Server
	Client   client.Client
	Jira     *sandbox.Faults // makes Jira fail
	Zephyr   *sandbox.Faults // makes Zephyr fail
}

// New sets a house up on the Temporal server that the package's tests share. Jira has the ticket OPS-7, and Zephyr the
// test cycle OPS-R12, which is linked to it, and OPS-R13, which is linked to none.
func New(t testing.TB) *House {
	t.Helper()
	return on(t, temporal.Shared(t))
}

// Alone sets a house up on a Temporal server of its own, which the test may kill.
func Alone(t testing.TB) *House {
	t.Helper()
	return on(t, temporal.Start(t))
}

func on(t testing.TB, server *temporal.Server) *House {
	t.Helper()
	h := &House{Config: directory(), Temporal: server, Jira: &sandbox.Faults{}, Zephyr: &sandbox.Faults{}}
	h.Live = reload.Fixed(h.Config)
	h.Client = h.Temporal.Client(t)

	site := jirasandbox.New(jirasandbox.Options{
		Deployment: jirasandbox.DataCenter,
		Accounts:   []jirasandbox.Account{{ID: "curfew", Name: "curfew", Token: "secret"}},
	})
	site.AddIssue("OPS-7", "The checkout hangs", "In Progress")
	tracker := httptest.NewServer(h.Jira.Wrap(site.Handler()))
	t.Cleanup(tracker.Close)
	tickets, err := jira.New(jira.Settings{
		URL: tracker.URL, Deployment: jira.DataCenter, Token: config.SecretOf("secret"),
	})
	require.NoError(t, err)

	tests := zephyrsandbox.New("secret")
	tests.AddCycle("OPS-R12", site.Issues("OPS")[0].ID)
	tests.AddCycle("OPS-R13")
	management := httptest.NewServer(h.Zephyr.Wrap(tests.Handler()))
	t.Cleanup(management.Close)
	references, err := zephyr.New(
		zephyr.Settings{URL: management.URL + zephyrsandbox.Base, Token: config.SecretOf("secret")},
		tickets,
	)
	require.NoError(t, err)

	h.Ledger, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "curfew.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.Ledger.Close()) })
	h.Starter, err = starter.New(starter.Options{
		Temporal: h.Client, Config: h.Live, Ledger: h.Ledger,
		Tickets: tickets, References: references, Groups: group.New(nil, h.Ledger), Sightings: h.Ledger,
		UntrackedAfter: untrackedAfter,
	})
	require.NoError(t, err)
	return h
}

// untrackedAfter leaves requests that tests put into the ledger without a workflow alone for as long as any test takes.
const untrackedAfter = 20 * time.Minute

// Token is the bearer token of a person of the directory.
func Token(person string) string { return "token-of-" + person }

// directory: alice and bob do the work, carol and dave review, erin has no accounts.
func directory() *config.Config {
	person := func(id string, accounts map[string]string) people.Person {
		return people.Person{Name: id, Token: config.SecretOf(Token(id)), Accounts: accounts}
	}
	both := func(id string) map[string]string {
		return map[string]string{"orders-db": id, "lightrun-prod": id + "@example.com"}
	}
	hours := func(n int) contract.Duration { return contract.Duration{Duration: time.Duration(n) * time.Hour} }
	template := func(ticket string, targets ...string) config.Template {
		t := config.Template{
			Description: "Look into production",
			Digest:      "digest",
			Ticket:      config.Ticket{Use: ticket},
			Sessions:    config.SessionsEnd,
			Duration:    config.Durations{Default: hours(1), Max: hours(8)},
			Pending:     hours(1),
			OnBehalf:    config.OnBehalf{Anybody: true},
			Approval:    config.Approval{Count: 1, From: []string{"carol", "dave"}},
		}
		for _, target := range targets {
			t.Entitlements = append(
				t.Entitlements,
				config.Entitlement{Target: target, Spec: json.RawMessage(`{"role":"reader"}`)},
			)
		}
		return t
	}
	return &config.Config{
		Directory: people.Directory{
			People: map[string]people.Person{
				"alice": person("alice", both("alice")), "bob": person("bob", both("bob")),
				"carol": person("carol", both("carol")), "dave": person("dave", nil),
				"erin": person("erin", map[string]string{"orders-db": "erin"}),
			},
		},
		Templates: map[string]config.Template{
			"debug-prod": template(config.TicketRequired, "orders-db", "lightrun-prod"),
			"read-logs":  template(config.TicketOptional, "orders-db"),
			"look-round": template(config.TicketNone, "orders-db"),
		},
	}
}

// Status is a request of alice's in a state, which carol and dave may review.
func Status(state contract.State) contract.Status {
	asked := time.Now().UTC().Truncate(time.Millisecond)
	decideBy := asked.Add(time.Hour)
	status := contract.Status{
		ID:          ulid.Make().String(),
		State:       state,
		Template:    "debug-prod",
		Requester:   "alice",
		Subject:     "alice",
		Duration:    contract.Duration{Duration: time.Hour},
		MaxDuration: contract.Duration{Duration: 8 * time.Hour},
		Purpose: contract.Purpose{
			Reason: "the checkout hangs",
			Ticket: "OPS-7",
		},
		AskedAt:   asked,
		DecideBy:  &decideBy,
		Needed:    1,
		Reviewers: []string{"carol", "dave"},
		Holds:     []contract.HoldState{},
	}
	if state == contract.StateEnded {
		status.Outcome, status.EndedAt = contract.OutcomeExpired, &decideBy
	}
	return status
}

// Record writes a status with its newest event into the ledger, as a worker would.
func (h *House) Record(t testing.TB, status contract.Status, events ...contract.Event) {
	t.Helper()
	for i := range events {
		events[i].Request = status.ID
		if events[i].At.IsZero() {
			events[i].At = status.AskedAt
		}
	}
	require.NoError(t, h.Ledger.Append(t.Context(), events, status))
}
