package ledgertest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// noon has nanoseconds, which a store must keep.
var noon = time.Date(2026, time.March, 1, 12, 0, 0, 123456789, time.UTC)

// elsewhere is the same instant on a clock far from UTC.
func elsewhere(at time.Time) time.Time { return at.In(time.FixedZone("elsewhere", 5*3600+1800)) }

// requestID is sortable by its number, as real ids are by time.
func requestID(number int) string { return fmt.Sprintf("01K%023d", number) }

func event(request string, seq int) contract.Event {
	return contract.Event{
		Request: request, Seq: seq, Kind: contract.EventReviewed, At: noon.Add(time.Duration(seq)),
		Actor: "p-ada", Said: "looks right to me", Detail: "1 of 2 approvals",
	}
}

func status(request string, seq int) contract.Status {
	return contract.Status{
		ID: request, Seq: seq, State: contract.StatePending, Template: "debug-prod",
		Requester: "p-bob", Subject: "p-bob", AskedAt: noon, Reviewers: []string{"p-ada", "p-eve"},
		Duration: contract.Duration{Duration: time.Hour}, MaxDuration: contract.Duration{Duration: 2 * time.Hour},
	}
}

// wholeStatus has something in every field; its times are as clock shows them.
func wholeStatus(clock func(time.Time) time.Time) contract.Status {
	at := func(minutes int) time.Time { return clock(noon.Add(time.Duration(minutes) * time.Minute)) }
	pointer := func(minutes int) *time.Time { instant := at(minutes); return &instant }
	hours := func(n int) contract.Duration { return contract.Duration{Duration: time.Duration(n) * time.Hour} }
	return contract.Status{
		ID:        requestID(1),
		State:     contract.StateEnded,
		Outcome:   contract.OutcomeExpired,
		Why:       "the deadline came",
		Template:  "debug-prod",
		Requester: "p-bob",
		Subject:   "p-carol",
		Duration:  hours(2),
		Purpose: contract.Purpose{
			Reason:   "a <slow> query & more",
			Ticket:   "OPS-7",
			Zephyr:   "OPS-R12",
			Incident: "PD-1",
		},
		Source:          "jira",
		AskedAt:         at(0),
		StartAt:         pointer(8),
		BreakGlass:      true,
		ContinuousSince: pointer(1),
		ReviewDue:       pointer(9),
		PostReview: &contract.Review{
			Request: requestID(
				1,
			),
			Reviewer: "p-eve",
			Verdict:  contract.VerdictDeny,
			Reason:   "it was not needed",
			At:       at(10),
		},
		DecideBy:  pointer(1),
		GrantedAt: pointer(2),
		Until:     pointer(3),
		EndedAt:   pointer(4),
		Approvals: 1,
		Needed:    1,
		Reviewers: []string{"p-ada"},
		Reviews: []contract.Review{{
			Request: requestID(1), Reviewer: "p-ada", Verdict: contract.VerdictApprove, Reason: "go", At: at(5),
		}},
		Extension: &contract.Extension{
			Request:  requestID(1),
			By:       "p-bob",
			Duration: hours(1),
			Reason:   "not done",
			At:       at(6),
		},
		MaxDuration: hours(4),
		Holds: []contract.HoldState{
			{
				Access:    wholeAccess(),
				Held:      true,
				Standing:  true,
				GoneAt:    pointer(7),
				RemovedAt: pointer(8),
				Sessions:  2,
				Problem:   "it took long",
			},
		},
		Stuck:     true,
		Seq:       9,
		Ending:    &contract.Ending{By: "p-eve", Reason: "enough", At: at(11), Unrecorded: true},
		Untracked: true,
		Lost:      []contract.Gap{{From: 2, To: 3}},
		Names:     map[string]string{"p-ada": "Ada"},
		Summary:   "it is live",
	}
}

// wholeAccess has characters that JSON can write in two ways; its digest is over the bytes.
func wholeAccess() contract.Access {
	return contract.Access{
		Target:      "orders-db",
		Entitlement: json.RawMessage(`{"role":"<read> & write"}`),
		Person:      "p-carol",
		Account:     "carol",
		TaskQueue:   "eu",
		ReadBack:    contract.ReadBackNone,
	}
}

// wholeHolding has something in every field; its times are as clock shows them.
func wholeHolding(clock func(time.Time) time.Time) ledger.Holding {
	at := func(minutes int) time.Time { return clock(noon.Add(time.Duration(minutes) * time.Minute)) }
	return ledger.Holding{
		Grant: wholeAccess().GrantID(), Access: wholeAccess(), Token: contract.Token{Epoch: noon.UnixNano(), Seq: 7},
		Open: true, Standing: true, Until: at(1),
		Leases: contract.Leases{
			{
				Request: requestID(1), Until: at(1), KeepSessions: true, Reference: "OPS-7",
				DriftCheckInterval: contract.Duration{Duration: time.Minute}, Restore: true,
				ReadBack: contract.ReadBackNone,
			},
			{Request: requestID(2), Until: at(0)},
		},
		SettledAt: at(2), GoneAt: at(3),
		Uses: []ledger.Use{{
			Request: requestID(1), Used: contract.Duration{Duration: time.Minute}, Since: at(4), Until: at(5),
			Forgiven: contract.Duration{Duration: time.Second},
		}, {Request: requestID(2)}},
		Proof: ledger.Proof{
			Identity: contract.Identity{
				Target: "7001234567890123456",
				ID:     `<16384> & "16385"`,
			},
			Shown:       true,
			Hidden:      true,
			Unconfirmed: true,
			Absent:      true,
			TakenOver: &contract.Sealed[contract.TakeOver]{
				Fact: contract.TakeOver{Grant: "g", By: "p-frank", Reason: "<by hand>", At: noon}, Seal: "a seal",
			},
		},
	}
}

func decision(number int) ledger.Decision {
	return ledger.Decision{
		Request: requestID(1), About: fmt.Sprint("digest ", number), At: noon.Add(-time.Duration(number) * time.Second),
		Ruling: contract.RulingGrant, Why: "approved by p-ada", Until: noon.Add(time.Hour), PolicyDigest: "d",
		Explanation: json.RawMessage(`{"facts":{"now":"<then> & now","big":12345678901234567890}}`),
	}
}

func alarm(number int) contract.Alarm {
	return contract.Alarm{
		ID: fmt.Sprint(
			"late/grant/",
			number,
		),
		Kind:     contract.AlarmLate,
		At:       noon.Add(time.Duration(number) * time.Second),
		Target:   "orders-db",
		Grant:    "grant/a",
		Requests: []string{requestID(1), requestID(2)},
		Actor:    "p-ada",
		Text:     "the access of carol@example.com ended 3 s late",
	}
}

// requireWhole fails when a field is empty: then the example does not show whether a store keeps that field.
func requireWhole(t *testing.T, example any) {
	t.Helper()
	for field, value := range reflect.ValueOf(example).Fields() {
		require.False(t, value.IsZero(), "give the example a %T.%s, and see that stores keep it", example, field.Name)
	}
}

// requireKind fails unless the error is a problem of that kind.
func requireKind(t *testing.T, want contract.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "no problem that a person can act on: %v", err)
	require.Equal(t, want, problem.Kind, "%v", err)
}
