package world

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/process"
)

// childVariable makes this test binary the program that is kept running.
const childVariable = "CURFEW_TEST_RUNS"

var patienceOfTests = pace.Patience()

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "for ever":
		fmt.Println("it runs") //nolint:forbidigo // it is a program here
		select {}
	}
	os.Exit(1)
}

func newService(t *testing.T, does string, died func(from, to time.Time)) (*Service, string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(path)
	require.NoError(t, err)
	s := &Service{Name: "service", log: log, died: died, program: process.Program{
		Path: self, Env: append(os.Environ(), childVariable+"="+does),
	}}
	require.NoError(t, s.start())
	t.Cleanup(s.close)
	return s, path
}

// ran is how often the program has said that it runs.
func ran(t *testing.T, log string) int {
	t.Helper()
	text, err := os.ReadFile(log)
	require.NoError(t, err)
	return strings.Count(string(text), "it runs\n")
}

func TestWhatSeveralFaultsHaveKilledRunsAgainWithTheLastOfThem(t *testing.T) {
	t.Parallel()
	s, log := newService(
		t,
		"for ever",
		func(time.Time, time.Time) { t.Error("it was killed, and counts as ended by itself") },
	)
	require.Eventually(t, func() bool { return ran(t, log) == 1 }, patienceOfTests, 10*time.Millisecond)
	s.Kill()
	s.Kill()
	require.NoError(t, s.Revive())
	select {
	case <-s.process.Exited():
	default:
		require.Fail(t, "it runs, and one of two faults is not over")
	}
	require.NoError(t, s.Revive())
	require.Eventually(t, func() bool { return ran(t, log) == 2 }, patienceOfTests, 10*time.Millisecond)
}

func TestAProgramThatIsStartedWhileItShouldBeStoppedStandsStill(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says in /proc that a process is stopped")
	}
	s, _ := newService(t, "for ever", func(time.Time, time.Time) {})
	stopped := func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Pid()))
		return err == nil && strings.Contains(string(status), "State:\tT")
	}
	s.Stop()
	s.Stop()
	require.Eventually(t, stopped, patienceOfTests, 10*time.Millisecond)
	s.Kill()
	require.NoError(t, s.Revive())
	require.Eventually(t, stopped, patienceOfTests, 10*time.Millisecond, "it was started again")
	s.Resume()
	require.True(t, stopped(), "one of two faults is not over")
	s.Resume()
	require.Eventually(t, func() bool { return !stopped() }, patienceOfTests, 10*time.Millisecond)
}

func TestAProgramThatEndsByItselfIsStartedAgainAndToldOf(t *testing.T) {
	t.Parallel()
	died := make(chan time.Duration, 100)
	newService(t, "not at all", func(from, to time.Time) { died <- to.Sub(from) })
	select {
	case down := <-died:
		require.GreaterOrEqual(t, down, restartAfter)
	case <-time.After(patienceOfTests):
		require.Fail(t, "nobody was told")
	}
}
