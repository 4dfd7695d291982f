// Package temporal runs a real Temporal server for a test: the binary temporal-dev, in a process of its own, on free
// loopback ports, with Curfew's namespace and search attributes.
package temporal

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"curfew/internal/testserver/process"
	"curfew/workflows/contract"
)

// BinaryVariable names the environment variable that says where temporal-dev is; bin/temporal-dev of the module
// otherwise.
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

// Log takes what the server writes to its log.
func Log(to io.Writer) Option { return func(s *Server) { s.log = to } }

// Server is one running Temporal server. It ends with its test.
type Server struct {
	// Address is where clients dial, as host:port. It stays the same over a Restart.
	Address string

	flags   []string
	process *process.Process
	log     io.Writer // nil: kept to say why it did not start
}

// Start runs a server of the test's own and returns when it answers.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s, err := Launch(options...)
	require.NoError(t, err)
	t.Cleanup(func() { s.Kill() })
	return s
}

// Launch is Start for a program that is no test: whoever calls it kills the server.
func Launch(options ...Option) (*Server, error) {
	s := &Server{flags: []string{"--ui-port=-1", "--timer-shift=1ms"}}
	for _, option := range options {
		option(s)
	}
	err := s.run("0")
	for tries := 1; err != nil && tries < launches && strings.Contains(err.Error(), syscall.EADDRINUSE.Error()); tries++ {
		err = s.run("0")
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// launches is how often a server is tried to be started on free ports: another process may take one of them just before
// the server listens there.
const launches = 5

// Kill ends the server like a crash, and returns when its process is gone. A second call does nothing.
func (s *Server) Kill() { s.process.Kill() }

// Signal sends the server's process a signal, like SIGSTOP.
func (s *Server) Signal(signal syscall.Signal) { s.process.Signal(signal) }

// Restart kills the server and runs it again on the same port. Only a server in a file still knows what it knew.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	require.NoError(t, s.Relaunch())
}

// Relaunch is Restart for a program that is no test.
func (s *Server) Relaunch() error {
	s.Kill()
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	return s.run(port)
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
	stderr := &bytes.Buffer{}
	out, stdout := io.Pipe()
	s.process, err = process.Start(process.Program{
		Path: path, Args: append(s.flags, "--port="+port), Out: stdout, Err: cmp.Or[io.Writer](s.log, stderr),
	})
	if err != nil {
		return err
	}
	go func() { <-s.process.Exited(); _ = stdout.Close() }()

	late := time.AfterFunc(startWithin, s.Kill)
	defer late.Stop()
	var ready struct {
		Address string `json:"address"`
	}
	said := bufio.NewReader(out)
	line, err := said.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		s.Kill() // its stderr is complete only now
		return fmt.Errorf("start temporal-dev: %w; it said on stdout: %s and on stderr: %s", err, line, stderr)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
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
