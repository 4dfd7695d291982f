package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/activities/ledger/postgres"
	"curfew/internal/config"
	server "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// Variables that make the test binary play another process on the same ledger.
const (
	roleVariable = "CURFEW_TEST_LEDGER_ROLE"
	dsnVariable  = "CURFEW_TEST_LEDGER_DSN"
)

// What such a process can do.
const (
	roleHold  = "hold"  // lock a holding, append an event, and stay until it is killed
	roleCount = "count" // count to countTo in a holding, with others
)

const (
	grant   = "grant/orders-db/0123/p-carol"
	request = "01K00000000000000000000001"
	countTo = 50
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		server.Main(m)
	}
	ctx := context.Background() //nolint:forbidigo // here another process begins
	if err := play(ctx, role, os.Getenv(dsnVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(ctx context.Context, role, dsn string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	store, err := postgres.Open(ctx, postgres.Settings{DSN: config.SecretOf(dsn)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if role == roleCount {
		return count(ctx, store)
	}
	held, err := store.Lock(ctx, grant)
	if err != nil {
		return err
	}
	defer held.Unlock()
	err = errors.Join(
		held.Save(ctx, ledger.Holding{Grant: grant, Open: true}),
		store.Append(ctx, []contract.Event{{Request: request, Seq: 1}}, contract.Status{ID: request, Seq: 1}),
	)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "ready")
	<-ctx.Done()
	return ctx.Err()
}

func count(ctx context.Context, store *postgres.Store) error {
	for range countTo {
		held, err := store.Lock(ctx, grant)
		if err != nil {
			return err
		}
		next := held.Holding()
		next.Grant = grant
		next.Token.Seq++
		err = held.Save(ctx, next)
		held.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// process is the test binary in another role.
func process(t *testing.T, role, dsn string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dsnVariable+"="+dsn)
	cmd.SysProcAttr = dieWithParent()
	cmd.Stderr = os.Stderr
	return cmd
}

func TestP2_AKilledProcessLetsGoOfItsHoldings(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	store := open(t, dsn)
	cmd := process(t, roleHold, dsn)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(io.LimitReader(stdout, 100)).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	requireTaken(t, store, grant)

	waited := lockSoon(t, store, grant)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	held := <-waited
	require.NotNil(t, held)
	defer held.Unlock()
	require.True(t, held.Holding().Open, "what it saved is there")
	_, story, err := store.Request(t.Context(), request)
	require.NoError(t, err)
	require.Len(t, story, 1)
}

func TestProcessesLoseNoUpdate(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t) // the processes make the tables together
	const processes = 3
	var all errgroup.Group
	for range processes {
		cmd := process(t, roleCount, dsn)
		require.NoError(t, cmd.Start())
		all.Go(cmd.Wait)
	}
	require.NoError(t, all.Wait())
	held, err := open(t, dsn).Lock(t.Context(), grant)
	require.NoError(t, err)
	defer held.Unlock()
	require.EqualValues(t, processes*countTo, held.Holding().Token.Seq)
}

// requireTaken fails when a holding can be locked.
func requireTaken(t *testing.T, store *postgres.Store, grant string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	held, err := store.Lock(ctx, grant)
	if err == nil {
		held.Unlock()
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// lockSoon locks a holding beside the test; the channel gives it, or nil.
func lockSoon(t *testing.T, store *postgres.Store, grant string) <-chan ledger.Locked {
	t.Helper()
	waited := make(chan ledger.Locked)
	go func() {
		defer close(waited)
		if held, err := store.Lock(t.Context(), grant); err == nil {
			waited <- held
		}
	}()
	return waited
}
