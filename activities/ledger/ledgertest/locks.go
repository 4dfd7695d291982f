package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var locks = []behaviour{
	{"keep everybody else out", keepOut},
	{"leave other holdings alone", leaveOthersAlone},
	{"are waited for until the context ends", waitUntilContextEnds},
	{"pass on to who waits", passOn},
	{"are let go of once", unlockOnce},
	{"lose no update", loseNoUpdate},
}

// short is how long a test waits to see that a lock isn't given away.
const short = 50 * time.Millisecond

// requireTaken fails when the holding of grant/a can be locked.
func requireTaken(t *testing.T, store Store) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	held, err := store.Lock(ctx, "grant/a")
	if err == nil {
		held.Unlock()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func keepOut(t *testing.T, store Store) {
	other := store.Again(t)
	for _, pair := range [][2]Store{{store, other}, {other, store}} {
		held := lock(t, pair[0], "grant/a")
		requireTaken(t, pair[0])
		requireTaken(t, pair[1])
		held.Unlock()
		lock(t, pair[1], "grant/a").Unlock()
	}
}

func leaveOthersAlone(t *testing.T, store Store) {
	other := store.Again(t)
	lock(t, store, "grant/a")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, view := range []Store{store, other} {
		held, err := view.Lock(ctx, "grant/b")
		require.NoError(t, err)
		require.NoError(t, held.Save(ctx, ledger.Holding{Grant: "grant/b"}))
		held.Unlock()
		require.NoError(t, view.Append(ctx, []contract.Event{event(requestID(1), 1)}, status(requestID(1), 1)))
		_, err = view.Due(ctx, ledger.DueFilter{Before: noon})
		require.NoError(t, err)
	}
}

func waitUntilContextEnds(t *testing.T, store Store) {
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := store.Lock(ended, "grant/a")
	require.ErrorIs(t, err, context.Canceled, "even a free one")

	held := lock(t, store, "grant/a")
	for _, view := range []Store{store, store.Again(t)} {
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error)
		go func() {
			_, err := view.Lock(ctx, "grant/a")
			waited <- err
		}()
		requireTaken(t, view)
		cancel()
		require.ErrorIs(t, <-waited, context.Canceled)
	}
	held.Unlock()
	lock(t, store, "grant/a")
}

func passOn(t *testing.T, store Store) {
	for _, view := range []Store{store, store.Again(t)} {
		held := lock(t, store, "grant/a")
		locked := make(chan ledger.Locked)
		go func() {
			defer close(locked)
			if next, err := view.Lock(t.Context(), "grant/a"); err == nil {
				locked <- next
			}
		}()
		requireTaken(t, view)
		require.NoError(t, held.Save(t.Context(), ledger.Holding{Grant: "grant/a", Open: true}))
		held.Unlock()
		next := <-locked
		require.NotNil(t, next)
		require.True(t, next.Holding().Open, "who waited sees what was saved meanwhile")
		next.Unlock()
	}
}

func unlockOnce(t *testing.T, store Store) {
	first := lock(t, store, "grant/a")
	first.Unlock()
	first.Unlock()
	lock(t, store, "grant/a")
	first.Unlock()
	requireTaken(t, store)
	requireTaken(t, store.Again(t))
}

func loseNoUpdate(t *testing.T, store Store) {
	const workers, each = 12, 20
	views := []Store{store, store.Again(t)}
	grants := []string{"grant/a", "grant/b", "grant/c"}
	var all errgroup.Group
	for worker := range workers {
		all.Go(func() error {
			for turn := range each {
				if err := count(t.Context(), views[worker%2], grants[(worker+turn)%len(grants)]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	for _, grant := range grants {
		require.EqualValues(t, workers*each/len(grants), load(t, store, grant).Token.Seq)
	}
}

// count adds one to a holding's token.
func count(ctx context.Context, store Store, grant string) error {
	held, err := store.Lock(ctx, grant)
	if err != nil {
		return err
	}
	defer held.Unlock()
	next := held.Holding()
	next.Grant = grant
	next.Token.Seq++
	return held.Save(ctx, next)
}
