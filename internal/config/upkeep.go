package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"curfew/workflows/contract"
)

// How Curfew looks after what it gave when the file does not say.
const (
	defaultLook        = 15 * time.Minute
	defaultGrace       = 30 * time.Second
	defaultSweep       = time.Hour
	defaultMaxRemovals = 10
	defaultDeparture   = 15 * time.Minute

	shortestLook  = time.Second
	shortestGrace = time.Second
	shortestSweep = time.Minute

	shortestDeparture = time.Second
	longestDeparture  = 7 * 24 * time.Hour
)

func (r *reading) ledger(ledger *Ledger, at path) {
	if !ledger.Postgres.IsZero() && ledger.SQLite != "" {
		r.wrong(at, contract.Invalid("names two places").Advise("keep one of sqlite and postgres"))
	}
	if ledger.Postgres.IsZero() && !r.lost(at.key("postgres")) {
		ledger.SQLite = beside(r.folder, cmp.Or(ledger.SQLite, defaultLedger))
	}
}

func (r *reading) seals(seals *Seals, at path) {
	if seals.Keys == "" && (seals.Key != "" || seals.Decider != "") {
		r.wrong(
			at.key("keys"),
			contract.Invalid("is missing").
				Advise("name the key set that `curfew keys new` has written beside the private key"),
		)
	}
	for _, file := range []*string{&seals.Key, &seals.Decider, &seals.Keys} {
		if *file != "" {
			*file = beside(r.folder, *file)
		}
	}
}

func (r *reading) upkeep(c *Config) {
	for _, length := range []struct {
		at       path
		value    *time.Duration
		usual    time.Duration
		shortest time.Duration
	}{
		{path{"drift", "every"}, &c.Drift.Every.Duration, defaultLook, shortestLook},
		{path{"watchdog", "grace"}, &c.Watchdog.Grace.Duration, defaultGrace, shortestGrace},
		{path{"sweep", "every"}, &c.Sweep.Every.Duration, defaultSweep, shortestSweep},
		{path{"departures", "after"}, &c.Departures.After.Duration, defaultDeparture, shortestDeparture},
	} {
		*length.value = cmp.Or(*length.value, length.usual)
		if *length.value < length.shortest {
			r.wrong(
				length.at,
				contract.Invalid("%s is too short", *length.value).Advise("write at least "+length.shortest.String()),
			)
		}
	}
	if c.Departures.After.Duration > longestDeparture {
		r.wrong(
			path{"departures", "after"},
			contract.Invalid("%s is too long", c.Departures.After).Advise("write at most 168h"),
		)
	}
	if c.Sweep.MaxRemovals < 0 {
		r.wrong(
			path{"sweep", "maxRemovals"},
			contract.Invalid("is less than 1").Advise("write 1 or more, or set remove: false"),
		)
	}
	c.Sweep.MaxRemovals = cmp.Or(c.Sweep.MaxRemovals, defaultMaxRemovals)
}

func (r *reading) roles(c *Config, at path) {
	for role, people := range map[string][]string{
		"auditors": c.Roles.Auditors, "operators": c.Roles.Operators, "admins": c.Roles.Admins,
	} {
		for i, person := range people {
			if _, found := c.People[person]; !found && !r.lost(path{"people"}) {
				r.wrong(
					at.key(role).item(i),
					contract.Invalid("there is no person %q", shorten(person)).
						Advise(suggest(person, slices.Collect(maps.Keys(c.People)))),
				)
			}
		}
	}
}

// TargetNames are the names of all targets, in order.
func (c *Config) TargetNames() []string { return slices.Sorted(maps.Keys(c.Targets)) }

// EntitlementsOn are those that templates name on a target, each once.
func (c *Config) EntitlementsOn(target string) []json.RawMessage {
	var all []json.RawMessage
	for _, id := range slices.Sorted(maps.Keys(c.Templates)) {
		for _, entitlement := range c.Templates[id].Entitlements {
			same := func(other json.RawMessage) bool { return bytes.Equal(other, entitlement.Spec) }
			if entitlement.Target == target && !slices.ContainsFunc(all, same) {
				all = append(all, entitlement.Spec)
			}
		}
	}
	return all
}

// IsAuditor is true for those who may read everything.
func (c *Config) IsAuditor(person string) bool { return slices.Contains(c.Roles.Auditors, person) }

// IsOperator is true for those who may see to stuck revokes, sweep and end any access early. Admins are operators too.
func (c *Config) IsOperator(person string) bool {
	return slices.Contains(c.Roles.Operators, person) || c.IsAdmin(person)
}

// IsAdmin is true for those who may take stuck access over.
func (c *Config) IsAdmin(person string) bool { return slices.Contains(c.Roles.Admins, person) }
