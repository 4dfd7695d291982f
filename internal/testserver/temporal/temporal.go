// Package temporal runs a real Temporal server for a test: the binary temporal-dev, in a process of its own, on free
// loopback ports, with Curfew's namespace and search attributes.
package temporal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"curfew/workflows/contract"
)

// BinaryVariable names the environment variable that says where temporal-dev is; bin/temporal-dev of the module otherwise.
const BinaryVariable = "CURFEW_TEMPORAL_DEV"

// startWithin is far more than a server needs, also on a machine that is busy with other tests.
const startWithin = time.Minute

// Option changes how a server runs.
type Option func(*Server)

// InFile keeps everything in an SQLite file, so that Restart finds it again.
func InFile(path string) Option {
	return func(s *Server) { s.flags = append(s.flags, "--db="+path) }
}

// Shift lets short timers fire late by as much, as load tests want it; other tests have 1ms.
func Shift(timers time.Duration) Option {
	return func(s *Server) { s.flags = append(s.flags, "--timer-shift="+timers.String()) }
}

// Server is one running Temporal server. It ends with its test.
type Server struct {
	// Address is where clients dial, as host:port. It stays the same over a Restart.
	Address string

	flags  []string
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	ended  *sync.Once
}

// Start runs a server of the test's own and returns when it answers.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s, err := start(options...)
	require.NoError(t, err)
	t.Cleanup(func() { s.Kill() })
	return s
}

func start(options ...Option) (*Server, error) {
	s := &Server{flags: []string{"--ui-port=-1", "--timer-shift=1ms"}}
	for _, option := range options {
		option(s)
	}
	if err := s.run("0"); err != nil {
		return nil, err
	}
	return s, nil
}

// Kill ends the server like a crash, and returns when its process is gone. A second call does nothing.
func (s *Server) Kill() {
	s.ended.Do(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // says that it was killed
	})
}

// Restart kills the server and runs it again on the same port. Only a server in a file still knows what it knew.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Kill()
	_, port, err := net.SplitHostPort(s.Address)
	require.NoError(t, err)
	require.NoError(t, s.run(port))
}

// Client dials the server; it is closed with the test. It says nothing about the failures that tests provoke.
func (s *Server) Client(t testing.TB) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort:  s.Address,
		Namespace: contract.Namespace,
		Logger:    log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func (s *Server) run(port string) error {
	path, err := binary()
	if err != nil {
		return err
	}
	s.stderr, s.ended = new(bytes.Buffer), new(sync.Once)
	s.cmd = exec.Command(path, append(s.flags, "--port="+port)...) //nolint:noctx // it lives as long as the test
	s.cmd.SysProcAttr = dieWithParent()
	s.cmd.Stderr = s.stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start temporal-dev: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("start temporal-dev: %w", err)
	}

	late := time.AfterFunc(startWithin, s.Kill)
	defer late.Stop()
	var ready struct {
		Address string `json:"address"`
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		s.Kill() // its stderr is complete only now
		return fmt.Errorf("start temporal-dev: %w; it said on stdout: %s and on stderr: %s", err, line, s.stderr)
	}
	s.Address = ready.Address
	return nil
}

func binary() (string, error) {
	path := os.Getenv(BinaryVariable)
	if path == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		path = filepath.Join(root, "bin", "temporal-dev")
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is missing: run make bin/temporal-dev", path)
	}
	return path, nil
}

// moduleRoot is the closest folder upwards that holds a go.mod: tests run in the folder of their package.
func moduleRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find temporal-dev: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", fmt.Errorf("there is no go.mod above the test's folder: set %s", BinaryVariable)
		}
		folder = parent
	}
}
