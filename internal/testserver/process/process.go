// Package process runs a program beside a test as a process of its own, which can be killed, stopped for a while, and
// given a clock that is wrong.
package process

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Program is what to run.
type Program struct {
	Path string
	Args []string
	Env  []string // nil: that of the caller
	In   io.Reader
	// Out and Err take what it writes; nil drops it.
	Out, Err io.Writer
	// ClockOff is how far its wall clock is ahead; negative when it is behind. Durations that it measures are right.
	// See CanShiftClocks.
	ClockOff time.Duration
}

// Process is a program that runs, or ran. It dies with whoever started it, where the system can do that.
type Process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

// Start runs a program and returns at once.
func Start(program Program) (*Process, error) {
	if program.ClockOff != 0 && !CanShiftClocks {
		return nil, errors.New("no process can be given another clock on this system")
	}
	cmd := exec.Command(program.Path, program.Args...) //nolint:noctx // it is what the caller wants, until it is killed
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = program.Env, program.In, program.Out, program.Err
	cmd.SysProcAttr = attributes(program.ClockOff != 0)
	p := &Process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go p.run(program.ClockOff, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", program.Path, err)
	}
	return p, nil
}

// run keeps the thread that forked for as long as the program lives: the kernel sends the signal of a dying parent when
// that thread ends, not when the process does, and only that thread may change the program before it runs.
func (p *Process) run(off time.Duration, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.exited)
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	if off != 0 {
		if err := shiftClock(p.cmd.Process.Pid, off); err != nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
			started <- err
			return
		}
	}
	started <- nil
	_ = p.cmd.Wait() // it says that it was killed
}

// Kill ends the process like a crash, and returns when it is gone. A second call does nothing.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

// Signal sends a signal; one to a process that is gone does nothing.
func (p *Process) Signal(signal syscall.Signal) {
	select {
	case <-p.exited: // its number may be somebody else's
	default:
		_ = p.cmd.Process.Signal(signal)
	}
}

func (p *Process) end(signal syscall.Signal) {
	p.Signal(signal)
	<-p.exited
}

// Pid is the system's number of the process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Exited is closed when the process is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }
