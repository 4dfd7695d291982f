package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"curfew/internal/strictyaml"
)

// defaultLedger is the file of a ledger that is not configured.
const defaultLedger = "curfew.db"

func (r *reading) ledger(ledger *Ledger, at path) {
	if !ledger.Postgres.IsZero() && ledger.SQLite != "" {
		r.wrong(at, "names two places", "keep one of sqlite and postgres")
	}
	if ledger.Postgres.IsZero() && !r.Lost(at.Key("postgres")) {
		ledger.SQLite = strictyaml.Beside(r.Folder, cmp.Or(ledger.SQLite, defaultLedger))
	}
}

func (r *reading) seals(seals *Seals, at path) {
	if seals.Keys == "" && (seals.Key != "" || seals.Decider != "") {
		r.wrong(at.Key("keys"), "is missing",
			"name the key set that `curfew keys new` has written beside the private key")
	}
	for _, file := range []*string{&seals.Key, &seals.Decider, &seals.Keys} {
		if *file != "" {
			*file = strictyaml.Beside(r.Folder, *file)
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
