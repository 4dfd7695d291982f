package ledger_test

import (
	"context"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/workflows/contract"
)

// witness remembers what it was told.
type witness struct {
	mu     sync.Mutex
	calls  []string
	failed []string
	locks  int
	alarms []contract.AlarmKind
}

func (w *witness) LedgerCalled(operation string, _ time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, operation)
	if err != nil {
		w.failed = append(w.failed, operation)
	}
}

func (w *witness) HoldingLocked(time.Duration)         { w.locks++ }
func (w *witness) AlarmRaised(kind contract.AlarmKind) { w.alarms = append(w.alarms, kind) }
func open(t *testing.T) (ledger.Store, *witness) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	seen := &witness{}
	return ledger.Observe(store, seen), seen
}

func TestEveryCallToAnObservedLedgerIsToldByItsName(t *testing.T) {
	t.Parallel()
	store, seen := open(t)
	silent := map[string]bool{"HasClock": true, "Lock": true} // one asks nobody, the other waits for others
	methods := reflect.TypeFor[ledger.Store]()
	for i := range methods.NumMethod() {
		method := methods.Method(i)
		if silent[method.Name] {
			continue
		}
		arguments := []reflect.Value{reflect.ValueOf(t.Context())}
		for n := 1; n < method.Type.NumIn(); n++ {
			if !method.Type.IsVariadic() || n < method.Type.NumIn()-1 {
				arguments = append(arguments, reflect.Zero(method.Type.In(n)))
			}
		}
		before := len(seen.calls)
		reflect.ValueOf(store).MethodByName(method.Name).Call(arguments)
		require.Equal(t, []string{method.Name}, seen.calls[before:], method.Name)
	}
	require.NotContains(t, seen.failed, "Read", "that there is no such thing is an answer")
	require.Contains(t, seen.failed, "Raise", "an alarm without an id is refused")
	require.Empty(t, seen.alarms)
}

func TestTheLockOfAnObservedLedgerIsToldAndSoIsWhatIsDoneWithIt(t *testing.T) {
	t.Parallel()
	store, seen := open(t)
	locked, err := store.Lock(t.Context(), "grant/a")
	require.NoError(t, err)
	require.NoError(t, locked.Save(t.Context(), ledger.Holding{Grant: "grant/a"}))
	_, err = locked.Stops(t.Context(), "r")
	require.NoError(t, err)
	locked.Unlock()
	require.Equal(t, []string{"Save", "Stops"}, seen.calls)
	require.Equal(t, 1, seen.locks)

	gone, stop := context.WithCancel(t.Context())
	stop()
	_, err = store.Lock(gone, "grant/a")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"Lock"}, seen.failed)

	require.NoError(t, store.Raise(t.Context(), contract.Alarm{ID: "a", Kind: contract.AlarmLate, At: time.Now()}))
	require.Equal(t, []contract.AlarmKind{contract.AlarmLate}, seen.alarms)
}
