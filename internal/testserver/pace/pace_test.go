package pace_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
)

func TestALateAnswerFailsOnlyWhereBoundsAreHeld(t *testing.T) {
	for bounds, fails := range map[string]bool{"": false, "1": true} {
		t.Setenv(pace.Bounds, bounds)
		late := &witness{TB: t}
		done := make(chan struct{})
		go func() { // FailNow ends the goroutine
			defer close(done)
			pace.OnTime(late, "the answer", 2*time.Second, time.Second)
		}()
		<-done
		require.Equal(t, fails, late.failed)
	}
}

func TestTimesGrowWithTheFactor(t *testing.T) {
	t.Parallel()
	require.Positive(t, pace.Factor())
	require.Equal(t, time.Duration(pace.Factor())*time.Minute, pace.Patience())
	require.Equal(t, 2*pace.Patience(), pace.Lasts(2*time.Minute))
}

// witness notes a failure in the place of failing.
type witness struct {
	testing.TB

	failed bool
}

func (w *witness) Errorf(string, ...any) { w.failed = true }
func (w *witness) FailNow()              { w.failed = true }
