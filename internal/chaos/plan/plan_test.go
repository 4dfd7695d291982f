package plan_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/chaos/plan"
)

func eightMinutes(seed uint64) plan.Plan {
	return plan.New(plan.Options{Seed: seed, Length: 8 * time.Minute, Requests: 128, Faults: plan.All()})
}

func TestTheSameSeedMakesTheSamePlan(t *testing.T) {
	t.Parallel()
	require.Equal(t, eightMinutes(7), eightMinutes(7))
	require.NotEqual(t, eightMinutes(7), eightMinutes(8))
}

// Whatever is drawn can be played and judged.
func TestAPlanStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		p := eightMinutes(seed)
		require.Len(t, p.Requests, 128)
		for _, r := range p.Requests {
			require.GreaterOrEqual(t, r.Duration, time.Second, "seed %d: %+v", seed, r)
			require.LessOrEqual(t, r.Duration, 5*time.Minute, "seed %d: %+v", seed, r)
			require.Equal(t, r.Duration, r.Duration.Truncate(time.Second), "durations are written in seconds")
			require.Less(t, r.EndAfter, max(r.Duration, time.Second), "seed %d: %+v", seed, r)
			require.Less(t, r.TamperAfter, max(r.Duration, time.Second), "seed %d: %+v", seed, r)
			if r.Extend != nil {
				require.Less(t, r.Extend.After, r.Duration, "seed %d: %+v", seed, r)
				require.GreaterOrEqual(t, r.Extend.By, time.Second)
			}
		}
		for _, f := range p.Faults {
			require.GreaterOrEqual(t, f.At, 10*time.Second)
			require.Less(t, f.At, 8*time.Minute+15*time.Second)
			require.Positive(t, f.For)
			require.LessOrEqual(t, f.For, time.Minute)
		}
	}
}

func TestEightMinutesHaveEveryFaultAndEveryShape(t *testing.T) {
	t.Parallel()
	shapes, faults := map[plan.Fate]int{}, map[plan.FaultKind]int{}
	tampered, extended, ended := 0, 0, 0
	for seed := range uint64(3) {
		p := eightMinutes(seed)
		for _, f := range p.Faults {
			faults[f.Kind]++
		}
		for _, r := range p.Requests {
			shapes[r.Fate]++
			if r.Tamper != "" {
				tampered++
			}
			if r.Extend != nil {
				extended++
			}
			if r.EndAfter > 0 {
				ended++
			}
		}
	}
	for _, fault := range plan.All() {
		require.Positive(t, faults[fault], fault)
	}
	for _, fate := range []plan.Fate{plan.Approved, plan.Denied, plan.Lapsed, plan.Withdrawn, plan.BreakGlass} {
		require.Positive(t, shapes[fate], fate)
	}
	require.Greater(t, tampered, 10)
	require.Greater(t, extended, 20)
	require.Greater(t, ended, 10)
}

// Fifty ends with nothing wrong are asked for; plans foresee more, because some come to nothing.
func TestManyEndsOfEightMinutesAreQuiet(t *testing.T) {
	t.Parallel()
	least := 1000
	for seed := range uint64(50) {
		p := eightMinutes(seed)
		quiet := 0
		for _, end := range foreseen(p) {
			if !slices.ContainsFunc(
				p.Faults,
				func(f plan.Fault) bool { return f.At < end && f.At+f.For > end-20*time.Second },
			) {
				quiet++
			}
		}
		least = min(least, quiet)
	}
	require.Greater(t, least, 55)
}

// foreseen are the deadlines of accesses, when nothing comes in between; overlaps have one.
func foreseen(p plan.Plan) (ends []time.Duration) {
	type held struct {
		from, to time.Duration
		cut      bool // somebody ends it early, or tampers with it
	}
	all := map[string][]held{}
	for _, r := range p.Requests {
		if r.Fate != plan.Approved && r.Fate != plan.BreakGlass {
			continue
		}
		h := held{from: r.At + max(r.Decide, r.StartIn), cut: r.EndAfter > 0 || r.Tamper != ""}
		h.to = h.from + 3*time.Second + r.Duration
		if r.Extend != nil {
			h.to += r.Extend.By
		}
		for _, entitlement := range entitlements[r.Template] {
			key := fmt.Sprint(r.Person, entitlement)
			all[key] = append(all[key], h)
		}
	}
	for _, of := range all {
		slices.SortFunc(of, func(a, b held) int { return int(a.from - b.from) })
		last := of[0]
		for _, h := range append(of[1:], held{from: time.Hour}) {
			if h.from < last.to {
				last = held{from: last.from, to: max(last.to, h.to), cut: last.cut || h.cut}
				continue
			}
			if !last.cut {
				ends = append(ends, last.to)
			}
			last = h
		}
	}
	return ends
}

// entitlements are what a template gives.
var entitlements = map[plan.Template]string{
	plan.Read:       "r",
	plan.Planned:    "r",
	plan.Emergency:  "r",
	plan.Write:      "w",
	plan.Debug:      "d",
	plan.Both:       "rd",
	plan.Everything: "rwd",
}

func TestWithoutFaultsNothingGoesWrong(t *testing.T) {
	t.Parallel()
	require.Empty(t, plan.New(plan.Options{Seed: 1, Length: time.Minute, Requests: 10}).Faults)
}
