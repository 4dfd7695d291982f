// Package lightrun gives access in Lightrun, a live debugger, in two ways: temporary accesses to agent pools, and
// membership in groups.
//
// Lightrun knows neither an idempotency key nor a way to change a temporary access. So its name says which grant it
// belongs to and when it ends, "curfew-<key>-<end>": a repeated attempt finds what an earlier one has made, and a new
// end is a new access, made and listed before the former one is removed. Accesses with other names are never touched.
// Lightrun ends each access by itself a little after its deadline, so an attempt that lands late does not stay.
//
// A membership has neither a mark nor an end. What an answer to a change says is not relied upon, for a success may
// carry failures: the group is read before and after, also for what became of its other members.
package lightrun

import (
	"time"

	"curfew/activities/target"
)

// What the vendor documents.
const (
	maxDuration = 31 * 24 * time.Hour
	maxPools    = 20
	// companyLimit is how many temporary accesses of all users may live at once.
	companyLimit = 100
)

// settles is how long a call can take effect after it was made: our own time-out, and five times as long for Lightrun
// to finish what it had begun.
const settles = 30 * time.Second

// Kind describes Lightrun's temporary accesses: the kind "lightrun".
func Kind() target.Kind {
	return target.Kind{
		Name:        "lightrun",
		Use:         "sign in as {account} at {target}",
		Settings:    func() target.Settings { return &Settings{} },
		Entitlement: entitlement{},
		Normalize:   normalize,
		Limits:      target.Limits{MaxDuration: maxDuration, EnforcesExpiry: true, Settles: settles},
	}
}

// GroupKind describes membership in Lightrun's groups: the kind "lightrun-group".
func GroupKind() target.Kind {
	return target.Kind{
		Name:        "lightrun-group",
		Use:         "sign in as {account} at {target}",
		Settings:    func() target.Settings { return &GroupSettings{} },
		Entitlement: groupEntitlement{},
		Normalize:   normalizeGroup,
		Limits:      target.Limits{Settles: settles},
	}
}
