package process_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/process"
)

// childVariable makes this test binary the program that its tests start: it says what time it is, and how long a moment
// takes.
const childVariable = "CURFEW_TEST_SAYS_THE_TIME"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
		os.Exit(m.Run())
	case "for ever":
		select {}
	}
	began := time.Now()
	<-time.After(100 * time.Millisecond)
	//nolint:forbidigo // it is a program here
	fmt.Println(
		began.UnixNano(),
		time.Since(began).Nanoseconds(),
		time.Now().UnixNano(),
	)
}

func child(t *testing.T, does string) (process.Program, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	var out bytes.Buffer
	return process.Program{Path: self, Env: append(os.Environ(), childVariable+"="+does), Out: &out}, &out
}

func TestAProcessCanBeGivenAWrongClockAndMeasuresRightly(t *testing.T) {
	t.Parallel()
	if !process.CanShiftClocks {
		t.Skip("no process can be given another clock on this system")
	}
	for _, off := range []time.Duration{5 * time.Minute, -5 * time.Minute, 0} {
		program, out := child(t, "once")
		program.ClockOff = off
		before := time.Now()
		p, err := process.Start(program)
		require.NoError(t, err)
		<-p.Exited()
		after := time.Now()
		fields := strings.Fields(out.String())
		require.Len(t, fields, 3)
		said, err := strconv.ParseInt(fields[0], 10, 64)
		require.NoError(t, err)
		took, err := strconv.ParseInt(fields[1], 10, 64)
		require.NoError(t, err)
		require.WithinRange(t, time.Unix(0, said).Add(-off), before.Truncate(time.Second), after)
		require.Less(t, time.Duration(took), after.Sub(before)+time.Second)
		require.GreaterOrEqual(t, time.Duration(took), 100*time.Millisecond)
	}
}

func TestAKilledProcessIsGoneWhenKillReturns(t *testing.T) {
	t.Parallel()
	program, _ := child(t, "for ever")
	p, err := process.Start(program)
	require.NoError(t, err)
	select {
	case <-p.Exited():
		require.Fail(t, "it ended by itself")
	default:
	}
	p.Signal(syscall.SIGSTOP)
	p.Kill()
	p.Kill()
	p.Signal(syscall.SIGTERM)
	<-p.Exited()
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	_, err := process.Start(process.Program{Path: "/there/is/no/such/program"})
	require.ErrorContains(t, err, "/there/is/no/such/program")
}
