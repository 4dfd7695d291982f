package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
)

const (
	addDecision = `INSERT INTO curfew.decisions (request, about, at, ruling, why, until, policy_digest, explanation)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	readDecisions = `SELECT request, about, at, ruling, why, until, policy_digest, explanation FROM curfew.decisions
		WHERE request = $1 ORDER BY number`
)

// Decide adds a decision.
func (s *Store) Decide(ctx context.Context, decision ledger.Decision) error {
	decision, err := ledger.CheckDecision(decision)
	if err != nil {
		return err
	}
	err = s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		_, err := conn.Exec(
			ctx,
			addDecision,
			escape(decision.Request),
			escape(decision.About),
			ledger.Stamp{Time: decision.At},
			escape(
				string(decision.Ruling),
			),
			escape(decision.Why),
			ledger.Stamp{Time: decision.Until},
			escape(decision.PolicyDigest),
			string(decision.Explanation),
		)
		return err
	})
	return fault(ctx, "record the decision about "+decision.Request, err)
}

// DecisionsOf returns those about a request, in the order in which they were made.
func (s *Store) DecisionsOf(ctx context.Context, request string) ([]ledger.Decision, error) {
	return list(ctx, s, "read the decisions about "+request, scanDecision, readDecisions, escape(request))
}

func scanDecision(row pgx.Row) (ledger.Decision, error) {
	var d ledger.Decision
	var at, until ledger.Stamp
	var explanation string
	err := row.Scan(
		(*literal)(&d.Request),
		(*literal)(&d.About),
		&at,
		(*literal)(&d.Ruling),
		(*literal)(&d.Why),
		&until,
		(*literal)(&d.PolicyDigest),
		&explanation,
	)
	if err != nil {
		return ledger.Decision{}, err
	}
	d.At, d.Until, d.Explanation = at.Time, until.Time, json.RawMessage(explanation)
	return d, nil
}
