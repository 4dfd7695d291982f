package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"curfew/activities/ledger"
)

const (
	countRequests = `SELECT state, template, count(*), sum(stuck) FROM requests
		WHERE state IN (SELECT value FROM json_each(?)) GROUP BY state, template`
	countHoldings = `SELECT target, count(*), sum(until < ?) FROM holdings WHERE open = 1 GROUP BY target`
)

// Census counts what is live.
func (s *Store) Census(ctx context.Context) (found ledger.Census, err error) {
	states, err := json.Marshal(ledger.LiveStates())
	if err != nil {
		return found, fmt.Errorf("write the states of requests: %w", err)
	}
	rows, err := s.reader.QueryContext(ctx, countRequests, string(states))
	if err != nil {
		return found, s.fault("count requests", err)
	}
	found.Requests, err = collect(rows, func(r row) (n ledger.RequestCount, err error) {
		err = r.Scan(&n.State, &n.Template, &n.Requests, &n.Stuck)
		return n, err
	})
	if err != nil {
		return found, s.fault("count requests", err)
	}
	rows, err = s.reader.QueryContext(ctx, countHoldings, ledger.Stamp{Time: time.Now()})
	if err != nil {
		return found, s.fault("count holdings", err)
	}
	found.Holdings, err = collect(rows, func(r row) (n ledger.HoldingCount, err error) {
		err = r.Scan(&n.Target, &n.Open, &n.Overdue)
		return n, err
	})
	return found, s.fault("count holdings", err)
}
