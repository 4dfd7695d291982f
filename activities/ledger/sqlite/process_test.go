package sqlite_test

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
	"curfew/activities/ledger/sqlite"
	"curfew/workflows/contract"
)

// Variables that make the test binary play another process on the same ledger.
const (
	roleVariable = "CURFEW_TEST_LEDGER_ROLE"
	pathVariable = "CURFEW_TEST_LEDGER_PATH"
)

// What such a process can do.
const (
	roleHold  = "hold"  // lock a holding, append an event, and stay until it is killed
	roleCount = "count" // count to countTo in a holding, with others
)

const (
	grant   = "grant/orders-db/0123/p-carol"
	request = "01K00000000000000000000001"
	countTo = 100
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	ctx := context.Background() //nolint:forbidigo // here another process begins
	if err := play(ctx, role, os.Getenv(pathVariable)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func play(ctx context.Context, role, path string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	store, err := sqlite.Open(ctx, path)
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

func count(ctx context.Context, store *sqlite.Store) error {
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
func process(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path)
	cmd.SysProcAttr = dieWithParent()
	cmd.Stderr = os.Stderr
	return cmd
}

func TestP2_AKilledProcessLetsGoOfItsHoldings(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	cmd := process(t, roleHold, path)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(io.LimitReader(stdout, 100)).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = store.Lock(ctx, grant)
	require.ErrorIs(t, err, context.DeadlineExceeded, "the other process has it")

	waited := make(chan ledger.Locked)
	go func() {
		defer close(waited)
		if held, err := store.Lock(t.Context(), grant); err == nil {
			waited <- held
		}
	}()
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
	path := newPath(t) // the processes make the file together
	const processes = 4
	var all errgroup.Group
	for range processes {
		cmd := process(t, roleCount, path)
		require.NoError(t, cmd.Start())
		all.Go(cmd.Wait)
	}
	require.NoError(t, all.Wait())
	held, err := open(t, path).Lock(t.Context(), grant)
	require.NoError(t, err)
	defer held.Unlock()
	require.EqualValues(t, processes*countTo, held.Holding().Token.Seq)
}
