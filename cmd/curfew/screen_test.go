package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/temporal"
	"curfew/starter/startertest"
)

// programVariable makes a process of the tests' binary the program itself, so that it can have a terminal of its own.
const programVariable = "CURFEW_TEST_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		main()
	}
	os.Exit(temporal.Main(m))
}

// sitting is the program on a terminal, and what somebody before it sees.
type sitting struct {
	t       *testing.T
	keys    io.Writer
	process *exec.Cmd
	ended   chan error

	mu    sync.Mutex
	sight *vt.Emulator
}

// sit starts the program on a terminal, in the name of a person.
func (s *shell) sit(t *testing.T, person string, args ...string) *sitting {
	t.Helper()
	return s.sitWith(t, nil, person, args...)
}

func (s *shell) sitWith(t *testing.T, environment []string, person string, args ...string) *sitting {
	t.Helper()
	const columns, rows = 140, 50
	program := exec.CommandContext(t.Context(), os.Args[0], args...)
	program.Env = append(os.Environ(), programVariable+"=yes", "TERM=xterm-256color", "TZ=UTC", serverEnv+"="+s.server,
		tokenEnv+"="+startertest.Token(person), loginsEnv+"="+s.logins)
	program.Env = append(program.Env, environment...)
	terminal, err := pty.StartWithSize(program, &pty.Winsize{Rows: rows, Cols: columns})
	require.NoError(t, err)
	seen := &sitting{
		t:       t,
		keys:    terminal,
		process: program,
		ended:   make(chan error, 1),
		sight:   vt.NewEmulator(columns, rows),
	}
	answers, ok := seen.sight.InputPipe().(io.Closer)
	require.True(t, ok)
	go func() { _, _ = io.Copy(terminal, seen.sight) }() // what a terminal answers when it is asked what it can
	go func() {
		_, _ = io.Copy(seen, terminal) // it ends with the program
		seen.ended <- program.Wait()
	}()
	t.Cleanup(func() {
		_ = program.Process.Kill() // if it is still there
		_ = terminal.Close()
		_ = answers.Close()
	})
	return seen
}

// Write draws what the program prints.
func (s *sitting) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sight.Write(text)
}

func (s *sitting) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for line := range strings.Lines(s.sight.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.TrimSpace(strings.Join(lines, "\n")) + "\n"
}

// shows waits until all of some texts are on the screen.
func (s *sitting) shows(texts ...string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		now := s.String()
		for _, text := range texts {
			if !strings.Contains(now, text) {
				return false
			}
		}
		return true
	}, patienceOfTests, 20*time.Millisecond, "want %q on the screen:\n%s", texts, s)
}

// types presses keys.
func (s *sitting) types(keys string) {
	s.t.Helper()
	_, err := io.WriteString(s.keys, keys)
	require.NoError(s.t, err)
}

const (
	enter = "\r"
	ctrlC = "\x03"
	ctrlU = "\x15" // takes back what stands before the cursor
)

// ends waits for the program to end, and wants an exit code.
func (s *sitting) ends(code int) {
	s.t.Helper()
	select {
	case err := <-s.ended:
		got := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			got = exit.ExitCode()
		} else {
			require.NoError(s.t, err)
		}
		require.Equal(s.t, code, got, "%s", s)
	case <-time.After(patienceOfTests):
		require.FailNow(s.t, "still running", "%s", s)
	}
}

// gets sends the program a signal.
func (s *sitting) gets(signal syscall.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.process.Process.Signal(signal))
}
