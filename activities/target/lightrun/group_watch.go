package lightrun

import (
	"slices"
	"strings"
	"sync"

	"curfew/workflows/contract"
)

// maxNamed is how many members an error names.
const maxNamed = 5

// watches tell a change of ours that did more than it should from changes that others made meanwhile. Those of this
// process are known: access often ends for many members of a group at the same instant.
type watches struct {
	mu   sync.Mutex
	open []*watch
}

// watch is over one group, from before its roster is read until after it was read back.
type watch struct {
	all            *watches
	group, account string
	changing       bool
	beside         []string // accounts whose change overlaps with this watch
}

func (w *watches) start(group, account string) *watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	started := &watch{all: w, group: group, account: account}
	for _, other := range w.open {
		if other.group == group && other.changing {
			started.beside = append(started.beside, other.account)
		}
	}
	w.open = append(w.open, started)
	return started
}

// change says that a change of the account is about to be asked for.
func (w *watch) change() {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	w.changing = true
	for _, other := range w.all.open {
		if other != w && other.group == w.group {
			other.beside = append(other.beside, w.account)
		}
	}
}

func (w *watch) end() {
	w.all.mu.Lock()
	defer w.all.mu.Unlock()
	w.all.open = slices.DeleteFunc(w.all.open, func(other *watch) bool { return other == w })
}

// compare fails when the membership of anybody changed whom no watch of this process was about.
func (w *watch) compare(a *api, before, after roster) error {
	w.all.mu.Lock()
	expected := append([]string{w.account}, w.beside...)
	w.all.mu.Unlock()
	others := slices.DeleteFunc(before.differing(after), func(email string) bool {
		return slices.ContainsFunc(expected, func(account string) bool { return sameAccount(account, email) })
	})
	if len(others) == 0 {
		return nil
	}
	names := strings.Join(others[:min(len(others), maxNamed)], ", ")
	if len(others) > maxNamed {
		names += ", …"
	}
	return contract.Unavailable("%s: while %s was changed in the group %s, the membership of others changed too, %d in all: %s", a, w.account, w.group, len(others), names).
		Advise("see in Lightrun's audit events who did it; if nobody else did, mend the group and stop using it with Curfew")
}
