package api

import (
	"sync"
	"time"

	"curfew/workflows/contract"
)

const (
	maxStreams          = 500
	maxStreamsOfAPerson = 10
)

// streams counts the open streams: each costs two looks into the ledger a second.
type streams struct {
	mu   sync.Mutex
	all  int
	open map[string]int // by person
}

func newStreams() *streams { return &streams{open: map[string]int{}} }

// enter makes room for one more stream until leave is called.
func (s *streams) enter(person string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxStreams || s.open[person] >= maxStreamsOfAPerson {
		problem := contract.Capacity("too many streams are open: %d of yours, %d in all", s.open[person], s.all).
			Advise("close one, or ask without following")
		problem.RetryAfter.Duration = 10 * time.Second
		return nil, problem
	}
	s.all++
	s.open[person]++
	return func() { s.leave(person) }, nil
}

func (s *streams) leave(person string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	s.open[person]--
	if s.open[person] == 0 {
		delete(s.open, person)
	}
}
