package world

import (
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"curfew/internal/testserver/process"
)

// restartAfter is how long a supervisor waits before it starts a program again that has ended by itself.
const restartAfter = time.Second

// Service is a program of Curfew's that a supervisor keeps running, as an init system does. Faults may overlap: what
// one of them has stopped runs again when the last of them is over.
type Service struct {
	Name    string
	program process.Program
	log     *os.File
	// died hears of each time that the program ended by itself, from when until it was started again.
	died func(from, to time.Time)

	mu      sync.Mutex
	process *process.Process
	killed  int // how many faults keep it from running
	stopped int // how many faults have sent it SIGSTOP
	off     time.Duration
	over    bool
}

// start runs the program and keeps it running until close.
func (s *Service) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run()
}

func (s *Service) run() error {
	s.program.Out, s.program.Err, s.program.ClockOff = s.log, s.log, s.off
	fmt.Fprintf(
		s.log,
		"\n-- %s started at %s, its clock off by %s\n",
		s.Name,
		time.Now().UTC().Format(time.RFC3339Nano),
		s.off,
	)
	started, err := process.Start(s.program)
	if err != nil {
		return err
	}
	s.process = started
	if s.stopped > 0 {
		started.Signal(syscall.SIGSTOP)
	}
	go s.watch(started)
	return nil
}

// watch starts the program again when it has ended by itself.
func (s *Service) watch(started *process.Process) {
	<-started.Exited()
	from := time.Now()
	s.mu.Lock()
	byItself := s.process == started && s.killed == 0 && !s.over
	s.mu.Unlock()
	if !byItself {
		return
	}
	<-time.After(restartAfter)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != started || s.killed > 0 || s.over {
		return // somebody was faster
	}
	if err := s.run(); err != nil {
		fmt.Fprintf(s.log, "\n-- %s can't be started: %v\n", s.Name, err)
	}
	s.died(from, time.Now())
}

// Kill ends the program until Revive is called as often.
func (s *Service) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killed++
	s.process.Kill()
}

// Revive takes one Kill back.
func (s *Service) Revive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killed--
	if s.killed > 0 || s.over {
		return nil
	}
	return s.run()
}

// Stop has the program do nothing until Resume is called as often.
func (s *Service) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped++
	s.process.Signal(syscall.SIGSTOP)
}

// Resume takes one Stop back.
func (s *Service) Resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped--
	if s.stopped == 0 {
		s.process.Signal(syscall.SIGCONT)
	}
}

// SetClock starts the program again with its clock off.
func (s *Service) SetClock(off time.Duration) error {
	s.mu.Lock()
	s.off = off
	s.mu.Unlock()
	s.Kill()
	return s.Revive()
}

// politeness is how long a program may take to end.
const politeness = 5 * time.Second

// close ends the program for good: politely, and after a while not politely.
func (s *Service) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.process.Signal(syscall.SIGCONT)
	s.process.Signal(syscall.SIGTERM)
	select {
	case <-s.process.Exited():
	case <-time.After(politeness):
		s.process.Kill()
	}
	_ = s.log.Close()
}
