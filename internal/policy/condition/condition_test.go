package condition_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/policy/condition"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday

func facts(t testing.TB) condition.Facts {
	t.Helper()
	f, err := condition.FactsOf(
		condition.Request{Duration: time.Hour, Reason: "the checkout hangs", AskedAt: noon},
		condition.Person{ID: "ada", Groups: []string{"ops", "oncall"}},
		condition.Person{ID: "grace"},
		condition.Ticket{Found: true, Status: "Open", Key: "OPS-7", Project: "OPS"},
		condition.Incident{Found: true, OnCall: 1},
		noon,
	)
	require.NoError(t, err)
	return f
}

func TestConditionsSeeAllFacts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`request.duration <= duration("1h")`:                          true,
		`request.duration < duration("1h")`:                           false,
		`request.reason.contains("checkout")`:                         true,
		`request.extension || request.breakGlass`:                     false,
		`"ops" in requester.groups && !("ops" in subject.groups)`:     true,
		`requester.id == subject.id`:                                  false,
		`requester.groups.exists(g, g.startsWith("on"))`:              true,
		`ticket.found && ticket.project in ["OPS", "SRE"]`:            true,
		`ticket.status == "Done"`:                                     false,
		`incident.found && incident.onCall == 1`:                      true,
		`now.getDayOfWeek() >= 1 && now.getDayOfWeek() <= 5`:          true,
		`now.getHours("Europe/Berlin") == 13`:                         true,
		`now - request.askedAt < duration("1m")`:                      true,
		`request.startAt < now`:                                       true,
		"ticket.found &&\n  // people in a hurry\n  incident.found\n": true,
	} {
		compiled, err := condition.Compile(text)
		require.NoError(t, err, text)
		holds, err := compiled.Holds(facts(t))
		require.NoError(t, err, text)
		require.Equal(t, want, holds, text)
	}
}

func TestP9_AFaultInAConditionIsToldWithItsPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`request.durtion > duration("1h")`:       `line 1, column 8: undefined field 'durtion'`,
		`request.duration > 1`:                   `line 1, column 18: found no matching overload for '_>_' applied to '(duration, int)'`,
		`request.duration`:                       `line 1, column 1: gives google.protobuf.Duration, not true or false`,
		"ticket.found &&\n  nobody.found":        `line 2, column 3: undeclared reference to 'nobody'`,
		`"a" in`:                                 `line 1, column 7: Syntax error`,
		``:                                       `line 1, column 1: Syntax error`,
		strings.Repeat("true && ", 400) + "true": `line 1, column 1: is 3204 bytes long, and 2048 are allowed`,
		strings.Repeat("(", 100) + "x":           `line 1, column 1`,
		`requester.groups.all(a, subject.groups.all(b, requester.groups.exists(c, a + b == c)))`: `line 1, column 1: can cost`,
		`dyn(request.extension)`: `line 1, column 1: gives dyn, not true or false`,
	} {
		_, err := condition.Compile(text)
		require.ErrorContains(t, err, want, text)
		var fault *condition.Fault
		require.ErrorAs(t, err, &fault)
		require.NotEmpty(t, fault.Fix)
	}
}

func TestAnErrorIsNo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`1 / (requester.groups.size() - 2) == 0`: "divi",
		`requester.groups[7] == "ops"`:           "index",
		`now.getHours("Nowhere/At-all") == 1`:    "unknown time zone",
		`request.extension == false && dyn(1)`:   "no such overload",
		`timestamp(request.reason) < now`:        "time",
	} {
		compiled, err := condition.Compile(text)
		require.NoError(t, err, text)
		holds, err := compiled.Holds(facts(t))
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, text)
		require.False(t, holds)
	}
}

func TestManyCompileAndEvaluateAtOnce(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for _, text := range []string{"nobody == 1", "request.nothing", `request.duration > duration("1m")`} {
				if compiled, err := condition.Compile(text); err == nil {
					_, _ = compiled.Holds(facts(t)) // the race detector looks on
				}
			}
		})
	}
	all.Wait()
}

func TestTheCostIsCountedWhenAConditionIsEvaluated(t *testing.T) {
	t.Parallel()
	compiled, err := condition.Compile(`requester.groups.all(a, a != "nobody")`)
	require.NoError(t, err)
	many, err := condition.FactsOf(
		condition.Request{},
		condition.Person{Groups: make([]string, 50_000)},
		condition.Person{},
		condition.Ticket{},
		condition.Incident{},
		noon,
	)
	require.NoError(t, err)
	_, err = compiled.Holds(many)
	require.ErrorContains(t, err, "cost limit exceeded")
}

func BenchmarkHolds(b *testing.B) {
	for _, text := range []string{
		`request.duration <= duration("2h")`, `"ops" in requester.groups`, `ticket.project == "OPS" && ticket.status in ["Open", "In Progress"]`,
		`now.getHours() >= 8`, `now.getHours("Europe/Berlin") >= 8`, `requester.groups.exists(g, g.startsWith("on"))`,
	} {
		compiled, err := condition.Compile(text)
		require.NoError(b, err)
		f := facts(b)
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if holds, err := compiled.Holds(f); err != nil || !holds {
					b.Fatal(holds, err)
				}
			}
		})
	}
}
