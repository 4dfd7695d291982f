package promises

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
	"curfew/starter"
	"curfew/workflows/contract"
)

const randomSchedules = 20

// edge is how near to a change nothing is said of the access: a change takes a moment.
var edge = pace.Lasts(time.Second)

// span is when a request held access up, as far as is known: from when it was surely there, until when it surely was.
type span struct {
	mu          sync.Mutex
	asked       time.Time // nothing was there before
	from, until time.Time // it was there in between
	gone        time.Time // nothing is there afterwards
}

func (s *span) set(change func(*span)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// holds says whether the request surely holds the access up, and whether it possibly does, a moment before and after
// too.
func (s *span) holds(from, to time.Time) (surely, possibly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	surely = !s.from.IsZero() && from.After(s.from) && to.Before(s.until)
	possibly = !s.asked.IsZero() && to.After(s.asked) && (s.gone.IsZero() || from.Before(s.gone))
	return surely, possibly
}

// Two requests of one person for one entitlement are asked for, extended and ended in any order, on a real database.
func TestP4AccessIsThereWhileARequestHoldsItUpInAnySchedule(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(h *house) { h.people = h.database.crowd(randomSchedules) })
	h.work()
	var schedules sync.WaitGroup
	for n := range randomSchedules {
		standing := n%4 == 3
		if standing {
			h.database.giveStanding(h.database.account(n))
		}
		spans := [2]*span{{}, {}}
		over := make(chan struct{})
		schedules.Go(func() {
			defer close(over)
			random := rand.New(rand.NewPCG(uint64(n), 4))
			var requests sync.WaitGroup
			for i, s := range spans {
				script := rand.New(rand.NewPCG(random.Uint64(), uint64(i)))
				requests.Go(func() { h.play(script, member(n), s) })
			}
			requests.Wait()
		})
		schedules.Go(func() { h.observe(h.database.account(n), spans, standing, over) })
	}
	schedules.Wait()
	require.False(t, t.Failed())
	for n := range randomSchedules {
		require.Equal(
			t,
			n%4 == 3,
			h.database.holds(h.database.account(n)),
			"standing access alone is left: %s",
			member(n),
		)
	}
}

// play asks for access and does this and that with it until it has ended.
func (h *house) play(random *rand.Rand, person string, s *span) {
	pause := func(most time.Duration) {
		select {
		case <-h.t.Context().Done():
		case <-time.After(time.Duration(random.Int64N(int64(most)))): // people come when they like
		}
	}
	pause(3 * time.Second)
	s.set(func(s *span) { s.asked = time.Now() })
	status, err := h.starter.Current().Start(h.t.Context(), starter.Ask{
		Template:  "untold",
		Requester: person,
		Duration:  contract.Duration{Duration: pace.Lasts(time.Duration(3+random.IntN(4)) * time.Second)},
		Purpose:   contract.Purpose{Reason: "schedule"},
		Source:    "test",
	})
	if err != nil {
		h.t.Error(err)
		return
	}
	h.insist(status.ID)
	status = h.await(status.ID, contract.StateActive)
	s.set(func(s *span) { s.from, s.until = time.Now(), *status.Until })
	pause(2 * time.Second)
	if random.IntN(2) == 0 {
		if extended, err := h.starter.Current().Extend(
			h.t.Context(),
			person,
			status.ID,
			contract.Duration{Duration: pace.Lasts(3 * time.Second)},
			"more",
		); err == nil {
			s.set(func(s *span) { s.until = *extended.Until })
		}
	}
	if random.IntN(2) == 0 {
		pause(2 * time.Second)
		s.set(func(s *span) { s.until = time.Now() })
		_, _ = h.starter.Current().Revoke(h.t.Context(), person, status.ID, "done") // it may have ended
	}
	h.ended(status.ID)
	s.set(func(s *span) { s.gone = time.Now() })
}

// insist approves a request, on a machine that may be busy.
func (h *house) insist(id string) {
	for h.t.Context().Err() == nil {
		_, err := h.starter.Current().Review(
			h.t.Context(),
			bob,
			id,
			starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: ""},
		)
		if problem, ok := contract.ProblemOf(err); err == nil || !ok || problem.Kind != contract.KindUnavailable {
			return // given, or given before
		}
	}
}

// observe compares the database with what the requests hold up, until they are over.
func (h *house) observe(account string, spans [2]*span, standing bool, over <-chan struct{}) {
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-over:
			return
		case <-look.C:
		}
		before := time.Now()
		there := h.database.holds(account)
		after := time.Now()
		surely, possibly := standing, standing
		for _, s := range spans {
			sure, possible := s.holds(before.Add(-edge), after.Add(edge))
			surely, possibly = surely || sure, possibly || possible
		}
		if there && !possibly || !there && surely {
			h.t.Error(
				fmt.Errorf(
					"%s: the access is there: %t; two requests hold it up surely: %t, possibly: %t",
					account,
					there,
					surely,
					possibly,
				),
			)
			return
		}
	}
}
