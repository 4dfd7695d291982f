package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	countRequests = `SELECT state, template, count(*), count(*) FILTER (WHERE stuck) FROM curfew.requests
		WHERE state = ANY ($1) GROUP BY state, template`
	countHoldings = `SELECT target, count(*), count(*) FILTER (WHERE until < curfew.stamp(statement_timestamp()))
		FROM curfew.holdings WHERE open GROUP BY target`
)

// Census counts what is live.
func (s *Store) Census(ctx context.Context) (found ledger.Census, err error) {
	found.Requests, err = list(ctx, s, "count requests", func(row pgx.Row) (n ledger.RequestCount, err error) {
		var state, template literal
		err = row.Scan(&state, &template, &n.Requests, &n.Stuck)
		n.State, n.Template = contract.State(state), string(template)
		return n, err
	}, countRequests, ledger.LiveStates())
	if err != nil {
		return found, err
	}
	found.Holdings, err = list(ctx, s, "count holdings", func(row pgx.Row) (n ledger.HoldingCount, err error) {
		var target literal
		err = row.Scan(&target, &n.Open, &n.Overdue)
		n.Target = string(target)
		return n, err
	}, countHoldings)
	return found, err
}
