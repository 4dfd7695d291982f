package report_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/bench/report"
)

// one is a report of one figure.
func one(unit string, measure report.Measure, floor float64) *report.Report {
	figure := report.Figure{Name: "it", Title: "it", Unit: unit, Measure: measure}
	if floor > 0 {
		figure.Floor = &report.Floor{What: "the least", Measure: report.Value(floor, 1)}
	}
	return &report.Report{Figures: []report.Figure{figure}}
}

func value(unit string, is, floor float64) *report.Report {
	return one(unit, report.Value(is, 1), floor)
}

func TestAFigureIsWorseWhenItIsWorseBesideItsFloorToo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after *report.Report
		worse         int
	}{
		"a quarter longer":                       {value("ms", 100, 0), value("ms", 125, 0), 1},
		"a tenth longer":                         {value("ms", 100, 0), value("ms", 110, 0), 0},
		"shorter":                                {value("ms", 100, 0), value("ms", 50, 0), 0},
		"fewer in a second":                      {value("/s", 10, 0), value("/s", 8, 0), 1},
		"a tenth fewer in a second":              {value("/s", 10, 0), value("/s", 9, 0), 0},
		"more in a second":                       {value("/s", 10, 0), value("/s", 15, 0), 0},
		"one event more":                         {value("events", 54, 0), value("events", 55, 0), 1},
		"one action fewer":                       {value("actions", 20, 0), value("actions", 19, 0), 0},
		"a machine that is half as fast":         {value("ms", 100, 10), value("ms", 200, 20), 0},
		"longer beside the same floor":           {value("ms", 100, 10), value("ms", 200, 10), 1},
		"as long, beside a floor that is faster": {value("ms", 100, 10), value("ms", 100, 5), 0},
		"fewer beside the same floor":            {value("/s", 10, 20), value("/s", 5, 20), 1},
		"fewer beside a floor that is slower":    {value("/s", 10, 20), value("/s", 5, 10), 0},
		"another unit":                           {value("ms", 1, 0), value("s", 100, 0), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Len(t, report.Worse(c.before, c.after), c.worse)
		})
	}
}

func TestAP99OfFewSamplesIsNotCompared(t *testing.T) {
	t.Parallel()
	measured := func(n int, p99 float64) *report.Report {
		return one("ms", report.Measure{N: n, P50: 10, P99: p99, Most: p99}, 0)
	}
	require.Empty(t, report.Worse(measured(30, 20), measured(30, 90)))
	require.Len(t, report.Worse(measured(100, 20), measured(100, 90)), 1)
}

func TestWhatGotWorseIsSaidWithBothValues(t *testing.T) {
	t.Parallel()
	worse := report.Worse(value("ms", 100, 10), value("ms", 200, 10))
	require.Len(t, worse, 1)
	require.Equal(t, "it: value was 100 ms, is 200 ms (20 of its floor, was 10)", worse[0].String())
}

func TestARunSaysWhatGotWorseAndWhetherTheMachineWasQuiet(t *testing.T) {
	t.Parallel()
	former, now := value("ms", 100, 0), value("ms", 200, 0)
	former.Commit, now.Machine.LoadAt = "abc1234", 3
	require.Equal(t, `The machine was busy with something else: its load average was 3.00 before.
Worse than at abc1234 (at a load of 0.00):
  it: value was 100 ms, is 200 ms
`, now.Remarks(former, true))
	require.Equal(t, "Worse than at abc1234 (at a load of 0.00):\n  nothing\n", former.Remarks(former, true))
	other := &report.Report{}
	require.Contains(t, other.Remarks(former, true), "  it: not measured any more\n")
	require.NotContains(t, other.Remarks(former, false), "any more", "not every part has run")
	require.Contains(t, other.Remarks(nil, true), "no former run")
}

func TestAFigureThatIsNotMeasuredAnyMoreIsNamed(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"it"}, report.Gone(value("ms", 1, 0), &report.Report{}))
	require.Empty(t, report.Gone(value("ms", 1, 0), value("ms", 2, 0)))
	require.Empty(t, report.Worse(value("ms", 1, 0), &report.Report{}))
}
