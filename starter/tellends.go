package starter

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	tellEvery   = 5 * time.Second // how often workflows are looked for that have not heard of their end
	longestTell = 5 * time.Minute // between two attempts with one of them
	toldAtOnce  = 16
)

// attempt is the last one to tell a workflow of its end.
type attempt struct {
	pause time.Duration
	next  time.Time
}

// TellEnds runs in a server until the context ends: it tells workflows of ends that they have not heard of, because
// Temporal or a worker was away when those were put on record.
func (s *Starter) TellEnds(ctx context.Context) {
	every := time.NewTicker(tellEvery)
	defer every.Stop()
	attempts := map[string]attempt{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			if err := s.Current().tellEnds(ctx, attempts); err != nil && ctx.Err() == nil {
				s.log.Warn(
					"requests that have not heard of their end can't be looked for; they are looked for again",
					zap.Error(err),
				)
			}
		}
	}
}

func (s *Snapshot) tellEnds(ctx context.Context, attempts map[string]attempt) error {
	var all errgroup.Group
	all.SetLimit(toldAtOnce)
	open := map[string]bool{}
	err := s.eachUntold(ctx, func(t contract.Tombstone) {
		open[t.Request] = true
		last, seen := attempts[t.Request]
		switch {
		case !seen: // as a rule it is on its way
			attempts[t.Request] = attempt{tellEvery, time.Now().Add(tellEvery)}
		case !time.Now().Before(last.next):
			pause := min(2*last.pause, longestTell)
			attempts[t.Request] = attempt{pause, time.Now().Add(pause)}
			all.Go(func() error {
				s.tellEnd(ctx, t)
				return nil
			})
		}
	})
	for request := range attempts {
		if err == nil && !open[request] {
			delete(attempts, request)
		}
	}
	return errors.Join(err, all.Wait())
}

func (s *Snapshot) tellEnd(ctx context.Context, t contract.Tombstone) {
	status, err := s.recorded(ctx, t.Request)
	if err != nil || status.State == contract.StateEnded || status.State == contract.StateRevoking {
		return // it knows
	}
	_, err = s.tell(ctx, contract.UpdateRevoke, contract.End{Request: t.Request, By: t.By, Reason: t.Reason, At: t.At})
	problem, known := contract.ProblemOf(err)
	if known && (problem.Kind == contract.KindNotFound || problem.Kind == contract.KindConflict) {
		err = s.closeRecord(ctx, t, status) // its workflow may be gone
	}
	if err != nil && ctx.Err() == nil {
		s.log.Warn(
			"a request has not heard of its end; it is told again",
			zap.String("request", t.Request),
			zap.Error(err),
		)
	}
}

// closeRecord brings the record of a request to its end whose workflow is gone, once the holdings say that its access
// is. Nobody else is left to do it.
func (s *Snapshot) closeRecord(ctx context.Context, t contract.Tombstone, status contract.Status) error {
	running, err := s.running(ctx, t.Request)
	if err != nil || running {
		return err
	}
	done, err := ledger.Conclude(ctx, s.holdings, status, contract.Ending{By: t.By, Reason: t.Reason, At: now()})
	if err != nil || done == nil { // the targets' workers are at it
		return err
	}
	return s.events.Append(ctx, done.Events, done.Status)
}
