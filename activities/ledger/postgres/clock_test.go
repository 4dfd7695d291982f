package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
)

// The clock of this process, and that of the server, differ by five minutes.
func TestWhatIsDueGoesByTheServersClock(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	store := open(t, dsn)
	require.True(t, store.HasClock())
	locked, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	defer locked.Unlock()
	require.NoError(
		t,
		locked.Save(t.Context(), ledger.Holding{Grant: grant, Open: true, Until: time.Now().Add(-time.Minute)}),
	)
	conn := connect(t, dsn)
	for off, isDue := range map[string]bool{"-5 minutes": false, "5 minutes": true} {
		execute(t, conn, `CREATE OR REPLACE FUNCTION curfew.stamp(at timestamptz) RETURNS text LANGUAGE sql STABLE
			AS $$ SELECT to_char((at + interval '`+off+`') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"000Z"') $$`)
		due, err := store.Due(t.Context(), ledger.DueFilter{Past: 30 * time.Second})
		require.NoError(t, err)
		require.Equal(t, isDue, len(due) == 1, off)
		now, err := store.Now(t.Context())
		require.NoError(t, err)
		require.Greater(t, time.Until(now).Abs(), 4*time.Minute)
	}
}
