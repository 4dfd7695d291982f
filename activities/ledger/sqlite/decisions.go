package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"curfew/activities/ledger"
)

const (
	addDecision = `INSERT INTO decisions (request, about, at, ruling, why, until, policy_digest, explanation)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	readDecisions = `SELECT request, about, at, ruling, why, until, policy_digest, explanation FROM decisions
		WHERE request = ? ORDER BY number`
)

// Decide adds a decision.
func (s *Store) Decide(ctx context.Context, decision ledger.Decision) error {
	decision, err := ledger.CheckDecision(decision)
	if err != nil {
		return err
	}
	err = s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.StmtContext(ctx, s.texts.addDecision).
			ExecContext(ctx, decision.Request, decision.About, ledger.Stamp{Time: decision.At},
				string(
					decision.Ruling,
				), decision.Why, ledger.Stamp{Time: decision.Until}, decision.PolicyDigest, string(decision.Explanation))
		return err
	})
	return s.fault("record the decision about "+decision.Request, err)
}

// DecisionsOf returns those about a request, in the order in which they were made.
func (s *Store) DecisionsOf(ctx context.Context, request string) ([]ledger.Decision, error) {
	rows, err := s.texts.readDecisions.QueryContext(ctx, request)
	if err != nil {
		return nil, s.fault("read the decisions about "+request, err)
	}
	decisions, err := collect(rows, scanDecision)
	return decisions, s.fault("read the decisions about "+request, err)
}

func scanDecision(r row) (ledger.Decision, error) {
	var d ledger.Decision
	var at, until ledger.Stamp
	var explanation string
	if err := r.Scan(&d.Request, &d.About, &at, &d.Ruling, &d.Why, &until, &d.PolicyDigest, &explanation); err != nil {
		return ledger.Decision{}, err
	}
	d.At, d.Until, d.Explanation = at.Time, until.Time, json.RawMessage(explanation)
	return d, nil
}
