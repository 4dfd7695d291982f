package process

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// CanShiftClocks is true where a process can be given a clock that is wrong.
const CanShiftClocks = true

// clockFunction is what Go's runtime asks for the time. The kernel lends it to each process, and changing one process's
// copy of it changes nobody else's clock.
const clockFunction = "__vdso_clock_gettime"

// shiftClock changes a process that was started traced, and has run nothing yet, and lets it go. It must be called on
// the thread that started it.
func shiftClock(pid int, off time.Duration) error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil {
		return fmt.Errorf("wait for a process whose clock is to be wrong: %w", err)
	}
	if !status.Stopped() {
		return errors.New("a process whose clock is to be wrong did not stop at its start")
	}
	at, err := findClock(pid)
	if err != nil {
		return err
	}
	if _, err := syscall.PtracePokeData(pid, at, shifted(off)); err != nil {
		return fmt.Errorf("change the clock of a process: %w", err)
	}
	if err := syscall.PtraceDetach(pid); err != nil {
		return fmt.Errorf("let a process with a wrong clock go: %w", err)
	}
	return nil
}

// shifted is machine code that asks the kernel and, for the wall clock, adds seconds to its answer:
//
//	mov eax, SYS_clock_gettime; syscall
//	test edi, edi; jnz out      edi is the clock, and CLOCK_REALTIME is 0
//	add qword [rsi], seconds    rsi is where the answer is
//	out: ret
func shifted(off time.Duration) []byte {
	code := []byte{0xb8, syscall.SYS_CLOCK_GETTIME, 0, 0, 0, 0x0f, 0x05, 0x85, 0xff, 0x75, 0x07, 0x48, 0x81, 0x06}
	code = binary.LittleEndian.AppendUint32(code, uint32(int32(off/time.Second)))
	return append(code, 0xc3)
}

// findClock is where a process has the function.
func findClock(pid int) (uintptr, error) {
	from, to, err := vdso(pid)
	if err != nil {
		return 0, err
	}
	image := make([]byte, to-from)
	if _, err := syscall.PtracePeekData(pid, from, image); err != nil {
		return 0, fmt.Errorf("read the clock of a process: %w", err)
	}
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return 0, fmt.Errorf("read the clock of a process: %w", err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return 0, fmt.Errorf("read the clock of a process: %w", err)
	}
	for _, symbol := range symbols {
		if symbol.Name == clockFunction {
			return from + uintptr(symbol.Value), nil
		}
	}
	return 0, fmt.Errorf("the kernel lends processes no %s", clockFunction)
}

// vdso is where a process has what the kernel lends it.
func vdso(pid int) (from, to uintptr, err error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, 0, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(maps)); lines.Scan(); {
		if strings.HasSuffix(lines.Text(), "[vdso]") {
			_, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to)
			return from, to, err
		}
	}
	return 0, 0, errors.New("the kernel lends this process no clock")
}
