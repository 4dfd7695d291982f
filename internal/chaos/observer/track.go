// Package observer looks at targets and at the ledger over connections of its own, and writes down what it sees. It
// decides nothing, and uses nothing of Curfew's but the tables and the API that are documented.
package observer

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"curfew/internal/chaos/judge"
)

// track puts the looks at one target together.
type track struct {
	before time.Time // when the look before began; zero before the first
	open   map[judge.Key]judge.Presence
	closed []judge.Presence
}

func newTrack() *track { return &track{open: map[judge.Key]judge.Presence{}} }

// see adds a look: when it began, when it was answered, and what it saw.
func (t *track) see(began, answered time.Time, there []judge.Key) {
	for _, key := range there {
		presence, open := t.open[key]
		if !open {
			presence = judge.Presence{Key: key, AbsentAt: t.before, From: answered}
		}
		presence.To = began
		t.open[key] = presence
	}
	for key, presence := range t.open {
		if !slices.Contains(there, key) {
			presence.Missed, presence.GoneAt = began, answered
			t.closed = append(t.closed, presence)
			delete(t.open, key)
		}
	}
	t.before = began
}

// presences are all that were seen, in the order in which they began.
func (t *track) presences() []judge.Presence {
	all := slices.Concat(t.closed, slices.Collect(maps.Values(t.open)))
	slices.SortFunc(all, func(a, b judge.Presence) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Key.String(), b.Key.String()))
	})
	return all
}

// present are the keys that the last look saw.
func (t *track) present() []judge.Key { return slices.Collect(maps.Keys(t.open)) }
