package judge

import (
	"slices"
	"time"
)

// Kind is a row of what can be wrong.
type Kind string

// What can be wrong, as far as it concerns how late an access may end.
const (
	WorkerDied   Kind = "a worker dies"
	WorkerHung   Kind = "a worker hangs or is cut off"
	LedgerDown   Kind = "the ledger is down"
	LedgerHung   Kind = "the ledger or a holder of the lock hangs"
	Forgotten    Kind = "connections are forgotten by the network"
	TemporalDown Kind = "Temporal is down"
	Terminated   Kind = "workflows are terminated"
	TargetDown   Kind = "the target is down"
	// Elsewhere is wrong with what no end needs: the server, the tracker, the configuration.
	Elsewhere Kind = "the server, the tracker or the configuration"
)

// Rows of the table that are no single fault.
const (
	RowQuiet   = "nothing within 20 s before"
	RowSeveral = "several at once"
	RowEndNow  = "end now, nothing wrong"
)

const (
	// Lookback is for how long a fault that is over still counts.
	Lookback = 20 * time.Second
	// QuietBound is what 99 of 100 ends keep to when nothing is wrong.
	QuietBound = 600 * time.Millisecond
	// EndNowBound is for access that a person ends early.
	EndNowBound = 2 * time.Second

	grace = 30 * time.Second // of the watchdog
)

// bound is how late an end may be while one thing is wrong.
type bound struct {
	late time.Duration
	back bool // counted from when it is over, not from the deadline
}

var bounds = map[Kind]bound{
	WorkerDied:   {late: 4 * time.Second},
	WorkerHung:   {late: 10 * time.Second},
	LedgerDown:   {late: 2 * time.Second},
	LedgerHung:   {late: 15 * time.Second},
	Forgotten:    {late: 8 * time.Second},
	TemporalDown: {late: grace + 5*time.Second},
	Terminated:   {late: grace + 5*time.Second},
	TargetDown:   {late: 5 * time.Second, back: true},
	Elsewhere:    {late: QuietBound},
}

// Kinds are all that can be wrong, in the order of the table.
func Kinds() []Kind {
	return []Kind{
		WorkerDied,
		WorkerHung,
		LedgerDown,
		LedgerHung,
		Forgotten,
		TemporalDown,
		Terminated,
		TargetDown,
		Elsewhere,
	}
}

// allowance is until when an access may be there after its end.
type allowance struct {
	until time.Time
	row   string
	wrong []string // what the faults were, in words
}

// allow finds until when an access may be there that has to end at an instant. A fault that begins when the access
// should have been gone already excuses nothing.
func allow(key Key, end time.Time, early bool, faults []Fault) allowance {
	var counted []Fault
	for {
		found := limit(end, early, counted)
		more := slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool {
			return !f.concerns(key) || !f.To.After(end.Add(-Lookback)) || !f.From.Before(found.until)
		})
		if len(more) <= len(counted) {
			return found
		}
		counted = more
	}
}

func (f Fault) concerns(key Key) bool {
	return (f.Target == "" || f.Target == key.Target) && (len(f.Keys) == 0 || slices.Contains(f.Keys, key))
}

// limit is the table of bounds. Of several faults at once the latest end counts, and their bounds are added to it.
func limit(end time.Time, early bool, faults []Fault) allowance {
	var words []string
	for _, f := range faults {
		words = append(words, f.What)
	}
	harm := slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool { return f.Kind == Elsewhere })
	switch {
	case early && len(harm) == 0:
		return allowance{end.Add(EndNowBound), RowEndNow, words}
	case len(faults) == 0:
		return allowance{end.Add(QuietBound), RowQuiet, nil}
	case len(harm) == 0:
		return allowance{end.Add(bounds[Elsewhere].late), string(Elsewhere), words}
	case len(harm) == 1 && !early:
		only := harm[0]
		return allowance{only.origin(end).Add(bounds[only.Kind].late), string(only.Kind), words}
	case !early && onlyLedgerAndTemporal(harm):
		return allowance{firstBack(end, harm), RowSeveral, words}
	}
	latest, added := end, time.Duration(0)
	if early {
		added = EndNowBound
	}
	for _, f := range harm {
		if f.Kind != Terminated && f.To.After(latest) { // what is terminated stays so: its end is none
			latest = f.To
		}
		added += bounds[f.Kind].late
	}
	return allowance{latest.Add(added), RowSeveral, words}
}

// origin is what a single fault's bound is counted from.
func (f Fault) origin(end time.Time) time.Time {
	if bounds[f.Kind].back && f.To.After(end) {
		return f.To
	}
	return end
}

func onlyLedgerAndTemporal(faults []Fault) bool {
	return len(faults) == 2 && slices.ContainsFunc(faults, func(f Fault) bool { return f.Kind == LedgerDown }) &&
		slices.ContainsFunc(faults, func(f Fault) bool { return f.Kind == TemporalDown })
}

// firstBack is the row of the ledger and Temporal both down: 5 s after the first of them is back. If that is the
// ledger, Temporal's own row still holds.
func firstBack(end time.Time, faults []Fault) time.Time {
	first := faults[0].To
	for _, f := range faults {
		if f.To.Before(first) {
			first = f.To
		}
	}
	latest := end.Add(bounds[TemporalDown].late)
	if back := first.Add(5 * time.Second); back.After(latest) {
		return back
	}
	return latest
}
