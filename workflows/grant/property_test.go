package grant

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

const (
	schedules = 1000
	longest   = 90 // seconds that anything of a schedule happens in
	requests  = 2
)

// plan is what two requests do with one entitlement, and until when each holds it then.
type plan struct {
	steps []move
	ends  [requests][]change
}

type move struct {
	at      time.Duration
	request int
	what    string
	lasts   time.Duration
}

// change is the end that a lease has from an instant on; zero for none.
type change struct{ at, until time.Duration }

// randomPlan makes holds, extensions and releases in any order that requests can make them in. Steps fall on whole
// seconds and ends on half ones, so that which of two comes first is never in doubt.
func randomPlan(random *rand.Rand) plan {
	var p plan
	until := [requests]time.Duration{}
	for second := range longest {
		at := time.Duration(second) * time.Second
		if second > 0 && until[0] <= at && until[1] <= at {
			break // the grant is over; what comes later starts another
		}
		if second > 0 && random.IntN(10) > 0 {
			continue
		}
		request := random.IntN(requests)
		s := move{at: at, request: request, lasts: time.Duration(random.IntN(40)+1)*time.Second + time.Second/2}
		live := until[request] > at
		switch {
		case !live:
			s.what, until[request] = "hold", at+s.lasts
		case random.IntN(2) == 0:
			s.what, until[request] = "extend", max(at+s.lasts, until[request])
			s.lasts = until[request] - at
		default:
			s.what, until[request] = "release", 0
		}
		p.steps = append(p.steps, s)
		p.ends[request] = append(p.ends[request], change{at, until[request]})
	}
	return p
}

// live is whether a lease holds the entitlement up at an instant.
func (p plan) live(at time.Duration) bool {
	for _, changes := range p.ends {
		for _, latest := range slices.Backward(changes) {
			if latest.at < at {
				if latest.until > at {
					return true
				}
				break
			}
		}
	}
	return false
}

// isUnanswered is true while a hold is on its way: the environment's clock goes on while a busy machine carries it out.
func isUnanswered(hold *answered) bool { return hold.at.IsZero() && hold.refused == nil }

func TestP4AccessIsThereExactlyWhileALeaseIsLive(t *testing.T) {
	t.Parallel()
	for seed := range uint64(schedules) {
		t.Run(fmt.Sprint("schedule ", seed), func(t *testing.T) {
			t.Parallel()
			p := randomPlan(rand.New(rand.NewPCG(seed, 4)))
			g := newTarget(t, &target{})
			holds := [requests]int{}
			var sent []*answered
			for _, s := range p.steps {
				if s.what == "hold" {
					holds[s.request]++ // whoever has ended a request makes another
				}
				name := fmt.Sprintf("%d/%d", s.request, holds[s.request])
				g.at(s.at, func() {
					switch s.what {
					case "hold":
						sent = append(sent, g.hold(name, s.lasts))
					case "extend":
						g.extend(name, s.lasts)
					default:
						g.release(name)
					}
				})
			}
			start := g.env.Now()
			var wrong []time.Duration
			for half := range 2 * (longest + 45) {
				at := time.Duration(half)*time.Second/2 + time.Second/4 // as far from every change as can be
				g.at(at, func() {
					if present := !g.until.IsZero(); present != p.live(at) &&
						(present || !slices.ContainsFunc(sent, isUnanswered)) {
						wrong = append(wrong, at)
					}
				})
			}
			g.env.ExecuteWorkflow(Grant, contract.GrantInput{Access: reporting})
			require.NoError(t, g.env.GetWorkflowError())
			require.Empty(t, wrong, "%+v", p.steps)
			require.False(t, slices.ContainsFunc(sent, isUnanswered))
			require.False(t, g.held())
			require.False(
				t,
				p.live(g.env.Now().Sub(start)+time.Millisecond),
				"the grant must not end before its last lease",
			)
		})
	}
}
