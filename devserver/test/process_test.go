// Package test runs temporal-dev the way its users do. It has a folder of its own, because a test beside the library
// would be linked with the whole server, for nothing.
package test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"curfew/workflows/contract"
)

// binary is where the Makefile puts it too: Go doesn't link it again while it is up to date.
var binary = filepath.Join("..", "..", "bin", "temporal-dev")

func TestMain(m *testing.M) {
	build := exec.Command("go", "build", "-o", binary, "../cmd/temporal-dev") //nolint:noctx // it ends with the tests
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build temporal-dev: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// process is a running temporal-dev and what it said about itself.
type process struct {
	Address   string
	UI        string
	Namespace string

	cmd    *exec.Cmd
	stdout io.Reader
	stderr bytes.Buffer
}

// command is temporal-dev on free ports, with flags that come last and so have the last word.
func command(t *testing.T, flags ...string) *exec.Cmd {
	t.Helper()
	// What is cleaned up after it may still need it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(
		ctx,
		binary,
		append([]string{"--port=0", "--ui-port=-1", "--timer-shift=1ms"}, flags...)...)
	cmd.SysProcAttr = dieWithParent()
	return cmd
}

func start(t *testing.T, flags ...string) *process {
	t.Helper()
	p := &process{cmd: command(t, flags...)}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)

	line, err := readLine(stdout)
	require.NoError(t, err, "temporal-dev said on stderr:\n%s", &p.stderr)
	require.NoError(t, json.Unmarshal(line, p))
	p.stdout = stdout
	return p
}

// readLine takes no more than the line, so that whatever follows it can still be found.
func readLine(r io.Reader) ([]byte, error) {
	var line []byte
	for one := make([]byte, 1); ; {
		if _, err := io.ReadFull(r, one); err != nil {
			return nil, fmt.Errorf("after %q: %w", line, err)
		}
		if one[0] == '\n' {
			return line, nil
		}
		line = append(line, one[0])
	}
}

// kill leaves the process no time for anything, like kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// stop ends the process politely. It has said nothing after its first line.
func (p *process) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	rest, err := io.ReadAll(p.stdout)
	require.NoError(t, err)
	require.NoError(t, p.cmd.Wait(), "temporal-dev said on stderr:\n%s", &p.stderr)
	require.Empty(t, string(rest))
}

func (p *process) dial(t *testing.T) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort:  p.Address,
		Namespace: contract.Namespace,
		Logger:    log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

const taskQueue = "test"

// work runs a worker for the test's workflows until the returned function, or the test's end, stops it.
func work(t *testing.T, c client.Client) (stop func()) {
	t.Helper()
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflow(nap)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return w.Stop
}
