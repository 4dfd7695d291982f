package sweep_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// shelf is a target with marks, of which some can't be removed.
type shelf struct {
	*system
	marks   []target.Marked
	removes []string // that were tried
	refuses map[string]error
	lies    map[string]bool // says that it has removed them
}

func (s *shelf) List(context.Context) ([]target.Marked, error) { return slices.Clone(s.marks), nil }

func (s *shelf) Remove(_ context.Context, found target.Marked) error {
	s.removes = append(s.removes, found.Key)
	if s.refuses[found.Key] != nil || s.lies[found.Key] {
		return s.refuses[found.Key]
	}
	s.marks = slices.DeleteFunc(s.marks, func(one target.Marked) bool { return one.Key == found.Key })
	return nil
}

// newShelf has three marks that nothing holds up.
func newShelf(b *bench) *shelf {
	return &shelf{system: b.system, marks: []target.Marked{{Key: "one"}, {Key: "two"}, {Key: "three"}}}
}

func (b *bench) remove(connector target.Connector, keys ...string) (contract.SweepResult, error) {
	in := contract.SweepRemoveInput{Target: "db"}
	for _, key := range keys {
		in.Orphans = append(in.Orphans, contract.Orphan{Key: key})
	}
	return b.activities(connector).Remove(b.t.Context(), in)
}

func removed(result contract.SweepResult) (keys []string) {
	for _, orphan := range result.Orphans {
		if orphan.Removed {
			keys = append(keys, orphan.Key)
		}
	}
	return keys
}

func TestASweepRemovesWhatItWasToldAndNothingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := newShelf(b)
	result, err := b.remove(s, "one", "three", "gone meanwhile")
	require.NoError(t, err)
	require.Equal(t, []string{"one", "three"}, s.removes)
	require.Equal(t, []string{"one", "three"}, removed(result))
	require.Equal(t, []target.Marked{{Key: "two"}}, s.marks)
	require.Equal(t, []contract.AlarmKind{contract.AlarmRemoved, contract.AlarmRemoved}, b.kinds(),
		"that they are orphans was said before")
}

func TestWhatKeepsASweepFromOneRemovalKeepsItFromNoOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := newShelf(b)
	s.refuses = map[string]error{"one": errors.New("the target is busy")}
	s.lies = map[string]bool{"two": true}
	result, err := b.remove(s, "one", "two", "three")
	require.ErrorContains(t, err, "the target is busy")
	require.Equal(t, []string{"three"}, removed(result))
	require.Equal(t, []contract.AlarmKind{contract.AlarmRemoved}, b.kinds())

	s.refuses = nil
	result, err = b.remove(s, "one", "two")
	require.ErrorContains(t, err, "said that two was removed, but still lists it")
	require.Equal(t, []string{"one"}, removed(result))
}

func TestNothingIsRemovedWhereThereAreNoMarksToGoBy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.held = true
	_, err := b.remove(b.system, access.Digest())
	problem, known := contract.ProblemOf(err)
	require.True(t, known, "%v", err)
	require.Equal(t, contract.KindInternal, problem.Kind)
	require.True(t, b.held)
}
