package keepalive

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Control is for net.Dialer: it bounds how long the system waits for an acknowledgement. Other systems know no such
// bound.
func Control(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unanswered.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
