// Package keepalive makes connections that are kept for the next call and noticed to be dead: a network that forgets a
// connection tells neither end, and who then asks over it waits for an answer that never comes.
package keepalive

import (
	"net"
	"time"
)

// How soon the system gives up a connection whose other end says nothing any more: one that nobody uses after idle and
// count intervals, and one over which something was sent that stays unacknowledged after unanswered.
const (
	idle       = 5 * time.Second
	interval   = time.Second
	count      = 3
	unanswered = 5 * time.Second
)

// ConnectTimeout is how long a connection may take to be made.
const ConnectTimeout = 3 * time.Second

// Dialer makes such connections.
func Dialer() *net.Dialer {
	return &net.Dialer{
		Timeout:         ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: idle, Interval: interval, Count: count},
		Control:         Control,
	}
}
