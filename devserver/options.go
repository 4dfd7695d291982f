package devserver

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"curfew/workflows/contract"
)

// NoUI as Options.UIPort leaves the Web UI out.
const NoUI = -1

// Sync is how hard SQLite tries to get a commit onto the disk.
type Sync string

// SyncNormal outlives a kill of the process, SyncFull a power cut too, for about a quarter of the throughput.
const (
	SyncNormal Sync = "normal"
	SyncFull   Sync = "full"
)

// Options of a server. The zero value is a server in memory, on free ports of the loopback address.
type Options struct {
	// IP is the only address that the frontend and the Web UI listen on; 127.0.0.1 when empty.
	IP string
	// Port is the frontend's; 0 picks a free one.
	Port int
	// UIPort is the Web UI's; 0 picks a free one, NoUI leaves it out.
	UIPort int

	// File keeps the cluster in an SQLite file, which is made if need be; when empty, all is in memory.
	File string
	// Sync is for a cluster in a file; SyncNormal when empty.
	Sync Sync

	// Namespace is Curfew's when empty.
	Namespace string
	// SearchAttributes of the namespace; Curfew's when nil. Those missing from an existing file are added.
	SearchAttributes map[string]enumspb.IndexedValueType
	// Retention is how long closed workflows can be looked at; 72 hours when zero.
	Retention time.Duration

	// TimerShift is how late a timer of less than that may fire, because the server gathers timers before it looks.
	// Temporal's default, kept when zero, makes every timer under a second take a second: tests use 1ms. A herd of
	// timers pays for that with a longer tail: load tests use 50ms.
	TimerShift time.Duration

	// LogLevel of the server's log on stderr: debug, info, warn or error; warn when empty.
	LogLevel string
}

var logLevels = []string{"debug", "info", "warn", "error"}

// complete fills in the defaults and checks what the server would only trip over later, or take for something else.
func (o Options) complete() (Options, error) {
	o.IP = cmp.Or(o.IP, loopback)
	o.Sync = cmp.Or(o.Sync, SyncNormal)
	o.Namespace = cmp.Or(o.Namespace, contract.Namespace)
	o.Retention = cmp.Or(o.Retention, 72*time.Hour)
	o.LogLevel = cmp.Or(strings.ToLower(o.LogLevel), "warn")

	var faults []error
	if o.SearchAttributes == nil {
		attributes, err := curfewAttributes()
		faults = append(faults, err)
		o.SearchAttributes = attributes
	}
	if net.ParseIP(o.IP) == nil {
		faults = append(faults, fmt.Errorf("IP %q is not an IP address: write it like 127.0.0.1", o.IP))
	}
	if o.Sync != SyncNormal && o.Sync != SyncFull {
		faults = append(faults, fmt.Errorf("sync %q is unknown: choose %s or %s", o.Sync, SyncNormal, SyncFull))
	}
	if o.Retention < time.Hour {
		faults = append(faults, fmt.Errorf("retention %s is too short: Temporal takes one hour or more", o.Retention))
	}
	if o.TimerShift < 0 {
		faults = append(
			faults,
			fmt.Errorf("timer shift %s is negative: leave it at zero for Temporal's default", o.TimerShift),
		)
	}
	if !slices.Contains(logLevels, o.LogLevel) {
		faults = append(
			faults,
			fmt.Errorf("log level %q is unknown: choose %s", o.LogLevel, strings.Join(logLevels, ", ")),
		)
	}
	return o, errors.Join(faults...)
}

// curfewAttributes are the contract's, with Temporal's enum for their types.
func curfewAttributes() (map[string]enumspb.IndexedValueType, error) {
	attributes := make(map[string]enumspb.IndexedValueType, len(contract.SearchAttributes))
	for _, attribute := range contract.SearchAttributes {
		kind, err := enumspb.IndexedValueTypeFromString(attribute.Type)
		if err != nil {
			return nil, fmt.Errorf("search attribute %s: %w", attribute.Name, err)
		}
		attributes[attribute.Name] = kind
	}
	return attributes, nil
}
