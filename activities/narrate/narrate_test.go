package narrate_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"

	"curfew/activities/narrate"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// attempts runs an activity as Temporal does: each attempt has what the one before it has left.
func attempts[In, Out any](
	t *testing.T,
	most int,
	run func(context.Context, In) (Out, error),
	in In,
) (out Out, took int, err error) {
	t.Helper()
	var left json.RawMessage
	for took = 1; took <= most; took++ {
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
		env := suite.NewTestActivityEnvironment()
		env.RegisterActivityWithOptions(run, activity.RegisterOptions{Name: "run"})
		if left != nil {
			env.SetHeartbeatDetails(left)
		}
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			require.NoError(t, details.Get(&left))
		})
		value, failed := env.ExecuteActivity("run", in)
		if err = failed; err == nil {
			require.NoError(t, value.Get(&out))
			return out, took, nil
		}
	}
	return out, most, err
}

// place takes what its rule lets it.
type place struct {
	taken  []string
	writes int
	rule   func(event contract.Event, status contract.Status) error
}

func (p *place) write(ctx context.Context, in []contract.Event) (contract.Written, error) {
	status := contract.Status{ID: "r1", Purpose: contract.Purpose{Reason: "on fire \U0001f525"}}
	written, _, err := narrate.Write(
		ctx,
		in,
		status,
		0,
		func(_ context.Context, entry narrate.Entry, calls *int) error {
			event := entry.Event
			p.writes++
			*calls++
			if err := p.rule(event, entry.Status); err != nil {
				return err
			}
			p.taken = append(p.taken, string(event.Kind)+": "+event.Said)
			return nil
		},
	)
	return written, err
}

func events(said ...string) (all []contract.Event) {
	for i, text := range said {
		all = append(all, contract.Event{Request: "r1", Seq: i + 1, Kind: "e", Said: text, Detail: "the details"})
	}
	return all
}

func fails(kind contract.Kind) error {
	return &story.NotTaken{Problem: kind.Problem("it stumbles")}
}

func TestWhatIsWrittenIsNotWrittenAgainByTheNextAttempt(t *testing.T) {
	t.Parallel()
	down := 0
	p := &place{rule: func(event contract.Event, _ contract.Status) error {
		if event.Said == "two" && down < 20 {
			down++
			return contract.Unavailable("it is down")
		}
		return nil
	}}
	written, took, err := attempts(t, 30, p.write, events("one", "two", "three"))
	require.NoError(t, err)
	require.Equal(t, 21, took, "a place that is down is waited for")
	require.Zero(t, written, "and lacks nothing afterwards")
	require.Equal(t, []string{"e: one", "e: two", "e: three"}, p.taken)
}

func TestAnEntryIsWrittenInThePlainestFormThatItsPlaceNeeds(t *testing.T) {
	t.Parallel()
	const fire = "so \U0001f525 it is"
	for name, tc := range map[string]struct {
		rule  func(contract.Event, contract.Status) error
		taken string
		lacks string
	}{
		"all of it, when it fails for a moment": {failing(3, func(contract.Event, contract.Status) bool { return true }), "e: " + fire, ""},
		"without some characters": {
			failing(99, func(e contract.Event, _ contract.Status) bool { return e.Said == fire }),
			"e: so \ufffd it is", "characters beyond the Basic Multilingual Plane, like emoji",
		},
		"without what came from elsewhere": {
			failing(99, func(e contract.Event, s contract.Status) bool { return e.Seq == 1 && (e.Said != "" || s.Reason != "") }),
			"e: ", "all but its headline",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &place{rule: tc.rule}
			written, _, err := attempts(t, 10, p.write, events(fire, "next"))
			require.NoError(t, err)
			require.Equal(t, []string{tc.taken, "e: next"}, p.taken)
			if tc.lacks == "" {
				require.Empty(t, written.LeftOut)
				return
			}
			require.Equal(t, []contract.LeftOut{{Seq: 1, What: tc.lacks, Why: "it stumbles"}}, written.LeftOut)
		})
	}
}

// failing fails so many times at what is meant.
func failing(times int, meant func(contract.Event, contract.Status) bool) func(contract.Event, contract.Status) error {
	return func(event contract.Event, status contract.Status) error {
		if times == 0 || !meant(event, status) {
			return nil
		}
		times--
		return fails(contract.KindUnavailable)
	}
}

func TestAnEntryThatIsNeverTakenIsLeftOutByNameAndTheNextOneIsWritten(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]error{
		"its place fails at it":           fails(contract.KindUnavailable),
		"its place refuses it":            fails(contract.KindDenied),
		"its place refuses it altogether": contract.Denied("it stumbles"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &place{rule: func(event contract.Event, _ contract.Status) error {
				if event.Seq == 2 {
					return refusal
				}
				return nil
			}}
			written, _, err := attempts(t, 10, p.write, events("one", "two", "three", "four"))
			require.NoError(t, err)
			require.Equal(
				t,
				contract.Written{LeftOut: []contract.LeftOut{{Seq: 2, What: "the entry", Why: "it stumbles"}}},
				written,
			)
			require.Equal(t, []string{"e: one", "e: three", "e: four"}, p.taken)
		})
	}
}

func TestAPlaceThatTakesNothingLosesNothing(t *testing.T) {
	t.Parallel()
	full := true
	p := &place{rule: func(contract.Event, contract.Status) error {
		if full {
			return fails(contract.KindUnavailable)
		}
		return nil
	}}
	written, _, err := attempts(t, 10, p.write, events("one", "two"))
	require.NoError(t, err)
	require.Equal(t, contract.Written{Rest: 2, Blocked: "it stumbles"}, written, "it is left alone for a while")
	full = false
	written, _, err = attempts(t, 1, p.write, events("one", "two"))
	require.NoError(t, err)
	require.Zero(t, written)
	require.Equal(t, []string{"e: one", "e: two"}, p.taken)
}

func TestAnErrorOfAnyOtherKindIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := &place{rule: func(contract.Event, contract.Status) error { return errors.New("no route to host") }}
	_, _, err := attempts(t, 3, p.write, events("one"))
	require.ErrorContains(t, err, "no route to host")
	require.Equal(t, 3, p.writes)
}
