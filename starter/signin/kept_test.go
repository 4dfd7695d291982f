package signin

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsKeptEndsAndMakesRoom(t *testing.T) {
	t.Parallel()
	k := newKept[string](2)
	now := time.Now()
	k.now = func() time.Time { return now }
	k.keep("a", "alice", time.Hour)

	now = now.Add(time.Hour - 1)
	value, ok := k.look("a")
	require.True(t, ok)
	require.Equal(t, "alice", value)
	now = now.Add(1)
	_, ok = k.look("a")
	require.False(t, ok, "its time is over")
	_, ok = k.take("a")
	require.False(t, ok)

	for i := range 5 {
		k.keep(strconv.Itoa(i), strconv.Itoa(i), time.Hour)
	}
	require.Len(t, k.byKey, 2)
	require.Equal(t, 2, k.order.Len())
	_, ok = k.look("2")
	require.False(t, ok, "the oldest have made room")
	value, ok = k.take("4")
	require.True(t, ok)
	require.Equal(t, "4", value)
	_, ok = k.take("4")
	require.False(t, ok, "taken once")

	now = now.Add(2 * time.Hour)
	k.keep("new", "new", time.Hour)
	require.Len(t, k.byKey, 1, "what is over is dropped")
}
