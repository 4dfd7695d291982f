package starter_test

import (
	"context"
	"errors"
	"testing"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

var errTold = errors.New("somebody was told")

// verbs are all that can be done to one request.
func verbs(house *startertest.House) map[string]func(ctx context.Context, actor, id string) error {
	s := house.Starter
	return map[string]func(ctx context.Context, actor, id string) error{
		"get": func(ctx context.Context, actor, id string) error {
			_, err := s.Current().Get(ctx, actor, id)
			return err
		},
		"story": func(ctx context.Context, actor, id string) error {
			_, _, err := s.Current().Events(ctx, actor, id)
			return err
		},
		"watch": func(ctx context.Context, actor, id string) error {
			return s.Watch(ctx, actor, id, 0, func(contract.Status, []contract.Event) error { return errTold })
		},
		"review": func(ctx context.Context, actor, id string) error {
			_, err := s.Current().
				Review(ctx, actor, id, starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: ""})
			return err
		},
		"extend": func(ctx context.Context, actor, id string) error {
			_, err := s.Current().Extend(ctx, actor, id, hours(1), "more")
			return err
		},
		"revoke": func(ctx context.Context, actor, id string) error {
			_, err := s.Current().Revoke(ctx, actor, id, "done")
			return err
		},
		"cancel": func(ctx context.Context, actor, id string) error {
			_, err := s.Current().Cancel(ctx, actor, id, "")
			return err
		},
	}
}

func TestWhoIsNoPartOfARequestCannotTellItFromNone(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status := startertest.Status(contract.StateActive)
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	missing := ulid.Make().String()

	for name, verb := range verbs(house) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			there := requireProblem(t, verb(t.Context(), "bob", status.ID), contract.KindNotFound, "id")
			none := requireProblem(t, verb(t.Context(), "bob", missing), contract.KindNotFound, "id")
			there.Fault, none.Fault = there.Fault[len("there is no request ")+26:], none.Fault[len("there is no request ")+26:]
			require.Equal(t, none, there)
			requireProblem(t, verb(t.Context(), "mallory", status.ID), contract.KindForbidden, "")
			requireProblem(t, verb(t.Context(), "alice", "../../x"), contract.KindInvalid, "id")
		})
	}
	list, err := house.Starter.Current().List(t.Context(), "bob", ledger.Filter{})
	require.NoError(t, err)
	require.Empty(t, list.Requests)
}

func TestP6_NeitherRequesterNorSubjectReviews(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status := startertest.Status(contract.StatePending)
	status.Requester, status.Subject = "carol", "dave"
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "carol"})

	for _, actor := range []string{"carol", "dave"} {
		for _, verdict := range []contract.Verdict{contract.VerdictApprove, contract.VerdictDeny} {
			_, err := house.Starter.Current().Review(
				t.Context(),
				actor,
				status.ID,
				starter.ReviewInput{Verdict: verdict, Reason: "fine"},
			)
			requireProblem(t, err, contract.KindForbidden, "")
		}
	}
}

func TestOnlyWhoGainsTakesARequestBack(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status := startertest.Status(contract.StatePending)
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})

	_, err := house.Starter.Current().Cancel(t.Context(), "carol", status.ID, "")

	requireProblem(t, err, contract.KindForbidden, "")
}

func TestWhatHasEndedTakesNoMessages(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status := startertest.Status(contract.StateEnded)
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventExpired, Actor: contract.ActorDeadline})

	for name, actor := range map[string]string{"review": "carol", "extend": "alice", "revoke": "carol", "cancel": "alice"} {
		err := verbs(house)[name](t.Context(), actor, status.ID)
		problem := requireProblem(t, err, contract.KindConflict, "")
		require.Contains(t, problem.Error(), "has ended: it is expired", name)
	}
}

func TestWhatIsWrongWithAMessageIsNamed(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status := startertest.Status(contract.StateActive)
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventGranted, Actor: contract.ActorCurfew})
	ctx, s, id := t.Context(), house.Starter, status.ID

	for name, refused := range map[string]struct {
		field string
		err   error
	}{
		"a verdict that is none":     {"verdict", second(s.Current().Review(ctx, "carol", id, starter.ReviewInput{Verdict: "maybe", Reason: ""}))},
		"a denial without reason":    {"reason", second(s.Current().Review(ctx, "carol", id, starter.ReviewInput{Verdict: contract.VerdictDeny, Reason: ""}))},
		"an approval with an escape": {"reason", second(s.Current().Review(ctx, "carol", id, starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "\x1b[2J"}))},
		"an extension by nothing":    {"duration", second(s.Current().Extend(ctx, "alice", id, contract.Duration{}, "more"))},
		"an extension backwards":     {"duration", second(s.Current().Extend(ctx, "alice", id, hours(-1), "more"))},
		"too long an extension":      {"duration", second(s.Current().Extend(ctx, "alice", id, hours(9), "more"))},
		"an extension for no reason": {"reason", second(s.Current().Extend(ctx, "alice", id, hours(1), ""))},
		"a revoke for no reason":     {"reason", second(s.Current().Revoke(ctx, "carol", id, ""))},
		"a state that is none":       {"state", second(s.Current().List(ctx, "alice", ledger.Filter{State: "sleepy"}))},
		"too long a list":            {"limit", second(s.Current().List(ctx, "alice", ledger.Filter{Limit: 501}))},
		"a list of less than none":   {"limit", second(s.Current().List(ctx, "alice", ledger.Filter{Limit: -1}))},
		"a page before nothing":      {"before", second(s.Current().List(ctx, "alice", ledger.Filter{Before: "x"}))},
	} {
		t.Run(name, func(t *testing.T) { requireProblem(t, refused.err, contract.KindInvalid, refused.field) })
	}
}

func second[T any](_ T, err error) error { return err }

func TestAnExtensionThatWaitsIsNotAskedForTwice(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status := startertest.Status(contract.StateActive)
	status.Extension = &contract.Extension{
		Request:  status.ID,
		By:       "alice",
		Duration: hours(1),
		Reason:   "more",
		At:       status.AskedAt,
	}
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventExtensionAsked, Actor: "alice"})

	again, err := house.Starter.Current().Extend(t.Context(), "alice", status.ID, hours(1), "more")

	require.NoError(t, err)
	require.Equal(t, status.Extension, again.Extension)
	require.Equal(t, status.Seq, again.Seq)
}

func TestAWatchTellsEachEventOnceUntilTheEnd(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status := startertest.Status(contract.StatePending)
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"})
	var told []contract.EventKind

	err := house.Starter.Watch(
		t.Context(),
		"alice",
		status.ID,
		0,
		func(_ contract.Status, news []contract.Event) error {
			for _, event := range news {
				told = append(told, event.Kind)
			}
			if len(told) == 1 && status.State != contract.StateEnded {
				status.State, status.Outcome, status.Seq = contract.StateEnded, contract.OutcomeWithdrawn, 2
				house.Record(t, status, contract.Event{Seq: 2, Kind: contract.EventWithdrawn, Actor: "alice"})
			}
			return nil
		},
	)

	require.NoError(t, err)
	require.Equal(t, []contract.EventKind{contract.EventRequested, contract.EventWithdrawn}, told)
}

func TestTemplatesSayWhereAnAccountIsMissing(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)

	templates, err := house.Starter.Current().Templates(t.Context(), "erin")

	require.NoError(t, err)
	require.Equal(t, "debug-prod", templates[0].Name)
	require.Equal(t, []string{"lightrun-prod"}, templates[0].WithoutAccount)
	require.Empty(t, templates[1].WithoutAccount)
	_, err = house.Starter.Current().Templates(t.Context(), "mallory")
	requireProblem(t, err, contract.KindForbidden, "")
}
