//go:build !(linux && amd64)

package process

import (
	"errors"
	"time"
)

// CanShiftClocks is true where a process can be given a clock that is wrong.
const CanShiftClocks = false

func shiftClock(int, time.Duration) error { return errors.ErrUnsupported }
