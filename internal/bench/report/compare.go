package report

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// tolerance is by which factor a figure may get worse before it is said: two runs of the same differ by less.
	tolerance = 1.2
	// enough is how many samples a p99 needs to be more than the worst of a few.
	enough = 100
)

// Change is a figure that got worse.
type Change struct {
	Title, Stat, Unit string
	Before, After     float64
	// TimesBefore and TimesAfter say how the figure stood to its floor; 0 where it has none.
	TimesBefore, TimesAfter float64
}

// String says it in a line.
func (c Change) String() string {
	text := fmt.Sprintf(
		"%s: %s was %s %s, is %s %s",
		c.Title,
		c.Stat,
		number(c.Before),
		c.Unit,
		number(c.After),
		c.Unit,
	)
	if c.TimesBefore > 0 {
		text += fmt.Sprintf(" (%s of its floor, was %s)", number(c.TimesAfter), number(c.TimesBefore))
	}
	return text
}

// Worse are the figures of a run that are worse than in an earlier one. Where both have a floor, a figure is worse only
// when it is worse beside its floor too: else it is the machine that got slower. Counts have no tolerance.
func Worse(before, after *Report) (worse []Change) {
	for _, now := range after.Figures {
		i := slices.IndexFunc(before.Figures, func(f Figure) bool { return f.Name == now.Name })
		if i < 0 || before.Figures[i].Unit != now.Unit {
			continue
		}
		for _, stat := range []string{"value", "p50", "p99"} {
			if change, is := compare(before.Figures[i], now, stat); is {
				worse = append(worse, change)
			}
		}
	}
	return worse
}

// Gone are the figures of an earlier run that a run of all parts has no more.
func Gone(before, after *Report) (titles []string) {
	for _, was := range before.Figures {
		if !slices.ContainsFunc(after.Figures, func(f Figure) bool { return f.Name == was.Name }) {
			titles = append(titles, was.Title)
		}
	}
	return titles
}

// Remarks say whether the machine was quiet, and what got worse since a former run, if there is one. A run of all parts
// has all figures of the former one.
func (r *Report) Remarks(former *Report, all bool) string {
	var text strings.Builder
	if !r.Machine.Quiet() {
		fmt.Fprintf(
			&text,
			"The machine was busy with something else: its load average was %.2f before.\n",
			r.Machine.LoadAt,
		)
	}
	if former == nil {
		text.WriteString("There is no former run to compare with.\n")
		return text.String()
	}
	var lines []string
	for _, change := range Worse(former, r) {
		lines = append(lines, change.String())
	}
	if all {
		for _, title := range Gone(former, r) {
			lines = append(lines, title+": not measured any more")
		}
	}
	if len(lines) == 0 {
		lines = []string{"nothing"}
	}
	fmt.Fprintf(&text, "Worse than at %s (at a load of %.2f):\n", former.Commit, former.Machine.LoadAt)
	for _, line := range lines {
		fmt.Fprintf(&text, "  %s\n", line)
	}
	return text.String()
}

func compare(was, now Figure, stat string) (Change, bool) {
	c := Change{Title: now.Title, Stat: stat, Unit: now.Unit, Before: was.stat(stat), After: now.stat(stat)}
	if c.Before == 0 || c.After == 0 || stat == "p99" && min(was.N, now.N) < enough {
		return c, false
	}
	if !isWorse(c.Before, c.After, now.Unit) {
		return c, false
	}
	if was.Floor != nil && now.Floor != nil && was.Floor.stat(stat) > 0 && now.Floor.stat(stat) > 0 {
		c.TimesBefore, c.TimesAfter = c.Before/was.Floor.stat(stat), c.After/now.Floor.stat(stat)
		return c, isWorse(c.TimesBefore, c.TimesAfter, now.Unit)
	}
	return c, true
}

func isWorse(before, after float64, unit string) bool {
	switch unit {
	case PerSecond:
		return after < before/tolerance
	case Events, Actions:
		return after > before
	default:
		return after > before*tolerance
	}
}

func (m Measure) stat(name string) float64 {
	switch name {
	case "p50":
		return m.P50
	case "p99":
		return m.P99
	default:
		return m.Is
	}
}
