package judge

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// promises are what Checked and Violations are about.
var promises = []struct{ name, text string }{
	{"P1", "no access without a decision"},
	{"P2", "access ends on time"},
	{"P3", "gone means seen to be gone"},
	{"P4", "overlaps add up"},
	{"P5", "what was there before stays"},
	{"P6", "nobody approves their own request"},
	{"P7", "Temporal schedules, it does not authorise"},
	{"P8", "the record is complete and in order"},
	{"P9", "bad input gets a clear error"},
}

// Write prints the verdict: how late the ends were by what was wrong, then the promises, then what has broken them.
func (v Verdict) Write(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "what was wrong\tends\tp50\tp99\tmost\tseen gone after\tallowed\tlate")
	for _, row := range v.rows() {
		row.write(table)
	}
	fmt.Fprintln(table)
	fmt.Fprintln(table, "promise\t\tchecked\tbroken")
	for _, p := range promises {
		broken := 0
		for _, violation := range v.Violations {
			if violation.Promise == p.name {
				broken++
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\n", p.name, p.text, v.Checked[p.name], broken)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return v.writeViolations(w)
}

func (v Verdict) writeViolations(w io.Writer) error {
	found := slices.Clone(v.Violations)
	slices.SortStableFunc(found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Promise, b.Promise), a.At.Compare(b.At))
	})
	for _, violation := range found {
		at := ""
		if !violation.At.IsZero() {
			at = violation.At.UTC().Format(" 15:04:05.000")
		}
		if _, err := fmt.Fprintf(
			w,
			"\n%s%s %s\n   %s\n",
			violation.Promise,
			at,
			violation.Request,
			violation.Text,
		); err != nil {
			return err
		}
	}
	return nil
}

// line is one row of the table of ends.
type line struct {
	name    string
	least   []time.Duration
	most    time.Duration
	allowed string
	late    int
}

func (l line) write(w io.Writer) {
	fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%d\n", l.name, len(l.least), short(Percentile(l.least, 50)),
		short(Percentile(l.least, 99)), short(Percentile(l.least, 100)), short(l.most), l.allowed, l.late)
}

// rows are those of the table that have an end.
func (v Verdict) rows() (found []line) {
	names := []string{RowQuiet, RowEndNow}
	for _, kind := range Kinds() {
		names = append(names, string(kind))
	}
	for _, name := range append(names, RowSeveral) {
		l := line{name: name, allowed: allowedIn(name)}
		for _, e := range v.Ends {
			if e.Row != name {
				continue
			}
			l.least, l.most = append(l.least, e.AtLeast), max(l.most, e.AtMost)
			if e.Late() {
				l.late++
			}
		}
		if len(l.least) > 0 {
			found = append(found, l)
		}
	}
	return found
}

// allowedIn is the bound of a row, in words.
func allowedIn(row string) string {
	b, single := bounds[Kind(row)]
	switch {
	case row == RowQuiet:
		return "p99 " + short(QuietBound)
	case row == RowEndNow:
		return short(EndNowBound)
	case !single:
		return "added"
	case b.back:
		return short(b.late) + " after it is back"
	default:
		return short(b.late)
	}
}

func short(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }
