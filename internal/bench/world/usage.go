package world

import (
	"fmt"
	"os"
	"strings"
	"time"

	"curfew/internal/testserver/process"
)

// Usage is what processes have used of the machine.
type Usage struct {
	Curfew, Floor, Temporal time.Duration // processor time
}

// Usage is what there was so far.
func (w *World) Usage() (u Usage, err error) {
	for _, of := range []struct {
		pid int
		sum *time.Duration
	}{
		{w.Server.Pid(), &u.Curfew}, {w.Worker.Pid(), &u.Curfew}, {w.Floor.Pid(), &u.Floor}, {w.Temporal.Pid(), &u.Temporal},
	} {
		used, err := processorTime(of.pid)
		if err != nil {
			return Usage{}, err
		}
		*of.sum += used
	}
	return u, nil
}

// Since is what was used after an earlier look.
func (u Usage) Since(earlier Usage) Usage {
	return Usage{
		Curfew: u.Curfew - earlier.Curfew, Floor: u.Floor - earlier.Floor, Temporal: u.Temporal - earlier.Temporal,
	}
}

// tick is the unit of the kernel's figures, on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// processorTime is what a process has used, as Linux says it.
func processorTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read how much processor time a process has used: %w", err)
	}
	// The name in parentheses may have blanks; 11 fields after it are left out.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var user, system int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		return 0, fmt.Errorf("read how much processor time a process has used: %w", err)
	}
	return time.Duration(user+system) * tick, nil
}

// Memory is what a process has in memory, in bytes, as Linux says it.
func Memory(p *process.Process) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		return 0, fmt.Errorf("read how much memory a process has: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("process %d does not say how much memory it has", p.Pid())
}

// Disk is how much room a database takes, its write-ahead log included.
func Disk(file string) (bytes int64) {
	for _, part := range []string{file, file + "-wal"} {
		if info, err := os.Stat(part); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}
