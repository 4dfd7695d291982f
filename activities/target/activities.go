package target

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Target is one configured target.
type Target struct {
	Connector Connector
	Limits    Limits
}

// Check tries credentials and privileges, and looks at the entitlements that templates name, where the connector can.
// What is known of those and should be thought of comes back as warnings.
func (t Target) Check(ctx context.Context, entitlements []json.RawMessage) (warnings []string, err error) {
	if checker, ok := t.Connector.(Checker); ok {
		if err := checker.Check(ctx); err != nil {
			return nil, err
		}
	}
	vetter, ok := t.Connector.(Vetter)
	if !ok {
		return nil, nil
	}
	var faults []error
	for _, entitlement := range entitlements {
		warning, err := vetter.Vet(ctx, entitlement)
		if err != nil {
			faults = append(faults, err)
		}
		if warning != "" {
			warnings = append(warnings, warning)
		}
	}
	return warnings, errors.Join(faults...)
}

// Options is what the activities are made of.
type Options struct {
	Targets    map[string]Target // by their configured names
	Holdings   ledger.Holdings
	Tombstones ledger.Tombstones
	Decisions  ledger.Decisions
	Alarms     ledger.Alarms
	Verifier   *seal.Verifier // nil where nothing is sealed
	Observer   Observer       // nil where nobody is told
	Log        *zap.Logger
}

// systems are what access is put on and ended with: the targets, the lines to them, and the ledger.
type systems struct {
	targets    map[string]Target
	lines      map[string]*line // of the targets that can be pinged
	holdings   ledger.Holdings
	tombstones ledger.Tombstones
	alarms     ledger.Alarms
	observer   Observer
	log        *zap.Logger
}

// Activities puts access on targets and ends it. It writes each holding before it calls the target, and holds the
// holding's lock meanwhile: whatever comes too late finds it changed, and steps back.
type Activities struct {
	*systems
	decisions ledger.Decisions
	verifier  *seal.Verifier
	waiting   *waiting
	unsettled *unsettled
}

// New makes the activities. Without a verifier nothing need be sealed.
func New(o Options) *Activities {
	if o.Observer == nil {
		o.Observer = unobserved{}
	}
	return &Activities{
		systems: &systems{
			targets:    observe(o.Targets, o.Observer),
			lines:      newLines(o.Targets, o.Log),
			holdings:   o.Holdings,
			tombstones: o.Tombstones,
			alarms:     o.Alarms,
			observer:   o.Observer,
			log:        o.Log,
		},
		decisions: o.Decisions, verifier: o.Verifier,
		waiting: newWaiting(o.Holdings, o.Observer, o.Log), unsettled: newUnsettled(o.Holdings, o.Log),
	}
}

// Watchdog makes a watchdog over the same targets, which knows whether this process reaches them.
func (a *Activities) Watchdog(grace time.Duration) *Watchdog {
	return &Watchdog{systems: a.systems, grace: grace, rescues: newRescues(a.systems)}
}

func (s *systems) find(name string) (Target, error) {
	if found, ok := s.targets[name]; ok {
		return found, nil
	}
	names := strings.Join(slices.Sorted(maps.Keys(s.targets)), ", ")
	// Not final: a revoke must wait for a worker that has the target configured.
	return Target{}, contract.Unavailable("this worker has no target %q", name).
		At("target").
		Advise("add it to the configuration of the worker, which has " + names)
}

func access(of contract.Access, leases contract.Leases) Access {
	reference := ""
	if len(leases) > 0 {
		reference = leases[0].Reference
	}
	return Access{
		Key: of.Digest(), Entitlement: of.Entitlement, Account: of.Account, Until: leases.End(), Reference: reference,
		Unread: leases.Unread(),
	}
}
