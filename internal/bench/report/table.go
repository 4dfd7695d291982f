package report

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// Table writes the figures for a terminal.
func (r *Report) Table(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "n\tvalue\tp50\tp99\tmost\tunit\t× floor\t  what")
	for _, f := range r.Figures {
		row(table, f.Measure, f.Unit, f.times(), f.Title)
		if f.Floor != nil {
			row(table, f.Floor.Measure, f.Unit, "", "  floor: "+f.Floor.What)
		}
	}
	return table.Flush()
}

func row(table io.Writer, m Measure, unit, times, title string) {
	fmt.Fprintf(
		table,
		"%d\t%s\t%s\t%s\t%s\t%s\t%s\t  %s\n",
		m.N,
		cell(m.Is, m.P50 == 0),
		cell(m.P50, m.P50 > 0),
		cell(m.P99, m.P50 > 0),
		cell(m.Most, m.P50 > 0),
		unit,
		times,
		title,
	)
}

func cell(value float64, shown bool) string {
	if !shown {
		return ""
	}
	return number(value)
}

// times is how a figure stands to its floor.
func (f Figure) times() string {
	if f.Floor == nil {
		return ""
	}
	is, least := f.Is, f.Floor.Is
	if is == 0 {
		is, least = f.P50, f.Floor.P50
	}
	if least == 0 {
		return ""
	}
	return strconv.FormatFloat(is/least, 'f', 2, 64)
}

// number has three digits that matter.
func number(value float64) string {
	switch {
	case value == 0:
		return "0"
	case value >= 100 || value == float64(int(value)):
		return strconv.FormatFloat(value, 'f', 0, 64)
	case value >= 10:
		return strconv.FormatFloat(value, 'f', 1, 64)
	default:
		return strconv.FormatFloat(value, 'f', 2, 64)
	}
}
