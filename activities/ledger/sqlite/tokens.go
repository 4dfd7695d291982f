package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const readTokens = `SELECT grant_id, epoch, seq FROM holdings WHERE grant_id IN (SELECT value FROM json_each(?))`

// Read returns a holding as it was last saved.
func (s *Store) Read(ctx context.Context, grant string) (ledger.Holding, error) {
	holding, err := scanHolding(s.texts.readHolding.QueryRowContext(ctx, grant))
	if errors.Is(err, sql.ErrNoRows) {
		return ledger.Holding{}, ledger.ErrNotFound
	}
	return holding, s.fault("read the holding of "+grant, err)
}

// Tokens returns the tokens of some holdings' newest commands.
func (s *Store) Tokens(ctx context.Context, grants []string) (map[string]contract.Token, error) {
	asked, err := json.Marshal(grants)
	if err != nil {
		return nil, fmt.Errorf("write the ids of the grants: %w", err)
	}
	rows, err := s.texts.readTokens.QueryContext(ctx, string(asked))
	if err != nil {
		return nil, s.fault("read the tokens of holdings", err)
	}
	tokens := map[string]contract.Token{}
	_, err = collect(rows, func(r row) (token contract.Token, err error) {
		var grant string
		err = r.Scan(&grant, &token.Epoch, &token.Seq)
		tokens[grant] = token
		return token, err
	})
	if err != nil {
		return nil, s.fault("read the tokens of holdings", err)
	}
	return tokens, nil
}
