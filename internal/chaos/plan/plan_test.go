package plan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/chaos/plan"
)

func eightMinutes(seed uint64) plan.Plan {
	return plan.New(plan.Options{Seed: seed, Length: 8 * time.Minute, Requests: 110, Faults: plan.All()})
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
		require.Len(t, p.Requests, 110)
		for _, r := range p.Requests {
			require.GreaterOrEqual(t, r.Duration, time.Second, "seed %d: %+v", seed, r)
			require.LessOrEqual(t, r.Duration, 5*time.Minute, "seed %d: %+v", seed, r)
			require.Equal(t, r.Duration, r.Duration.Truncate(time.Second), "durations are written in seconds")
			require.Less(t, r.EndAfter, max(r.Duration, time.Second), "seed %d: %+v", seed, r)
			require.Less(t, r.MeddleAfter, max(r.Duration, time.Second), "seed %d: %+v", seed, r)
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
	shapes, faults := map[plan.Fate]int{}, map[plan.Fault]int{}
	meddled, extended, ended := 0, 0, 0
	for seed := range uint64(3) {
		p := eightMinutes(seed)
		for _, f := range p.Faults {
			faults[f.Fault]++
		}
		for _, r := range p.Requests {
			shapes[r.Fate]++
			if r.Meddle != "" {
				meddled++
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
	require.Greater(t, meddled, 10)
	require.Greater(t, extended, 20)
	require.Greater(t, ended, 10)
}

// Fifty ends with nothing wrong are asked for; plans foresee more, because some come to nothing.
func TestMostEndsOfEightMinutesAreCalm(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		p := eightMinutes(seed)
		calm := 0
		for _, r := range p.Requests {
			if r.Fate != plan.Approved || r.EndAfter > 0 || r.Meddle != "" {
				continue
			}
			end := r.At + max(r.Decide, r.StartIn) + 3*time.Second + r.Duration
			if r.Extend != nil {
				end += r.Extend.By
			}
			if !slices.ContainsFunc(p.Faults, func(f plan.Trouble) bool { return f.At < end && f.At+f.For > end-20*time.Second }) {
				calm += accesses[r.Template]
			}
		}
		require.Greater(t, calm, 55, "seed %d", seed)
	}
}

// accesses are how many entitlements a template gives.
var accesses = map[plan.Template]int{plan.Read: 1, plan.Write: 1, plan.Debug: 1, plan.Both: 2, plan.Everything: 3, plan.Planned: 1}

func TestWithoutFaultsNothingGoesWrong(t *testing.T) {
	t.Parallel()
	require.Empty(t, plan.New(plan.Options{Seed: 1, Length: time.Minute, Requests: 10}).Faults)
}
