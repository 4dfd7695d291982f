package target

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
)

// standbyEvery is how often a target is pinged while access is live there.
const standbyEvery = 10 * time.Second

// Standby keeps a connection open to each target that may take no new one at a deadline, while access is live there.
// What the network forgets meanwhile is found before a deadline does.
type Standby struct {
	targets  map[string]Target
	holdings ledger.Holdings
	log      *zap.Logger
}

// NewStandby makes a standby for the targets with these names.
func NewStandby(targets map[string]Target, holdings ledger.Holdings, log *zap.Logger) *Standby {
	return &Standby{targets: targets, holdings: holdings, log: log}
}

// Run stands by until the context ends.
func (s *Standby) Run(ctx context.Context) {
	var all sync.WaitGroup
	for name, found := range s.targets {
		if pinger, ok := found.Connector.(Pinger); ok && found.Limits.FewConnections {
			all.Go(func() { s.standBy(ctx, name, pinger) })
		}
	}
	all.Wait()
}

func (s *Standby) standBy(ctx context.Context, target string, pinger Pinger) {
	every := time.NewTicker(standbyEvery)
	defer every.Stop()
	reached := true
	for ctx.Err() == nil {
		if s.isLive(ctx, target) {
			err := ping(ctx, pinger)
			if reached && err != nil && ctx.Err() == nil {
				s.log.Warn(
					"access is live on a target that this worker does not reach",
					zap.String("target", target),
					zapError(err),
				)
			}
			reached = err == nil
		}
		select {
		case <-every.C:
		case <-ctx.Done():
		}
	}
}

// isLive is true also when the ledger does not tell: a connection too many does no harm.
func (s *Standby) isLive(ctx context.Context, target string) bool {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	open, err := s.holdings.Held(ctx, ledger.HeldFilter{Target: target, Limit: 1})
	return err != nil || len(open) > 0
}

func ping(ctx context.Context, pinger Pinger) error {
	ctx, cancel := context.WithTimeout(ctx, pingWithin)
	defer cancel()
	return pinger.Ping(ctx)
}
