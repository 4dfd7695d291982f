package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const readTokens = `SELECT grant_id, epoch, seq FROM curfew.holdings WHERE grant_id = ANY ($1)`

// Read returns a holding as it was last saved.
func (s *Store) Read(ctx context.Context, grant string) (ledger.Holding, error) {
	found, err := list(ctx, s, "read the holding of "+grant, scanHolding, readHolding, escape(grant))
	switch {
	case err != nil:
		return ledger.Holding{}, err
	case len(found) == 0:
		return ledger.Holding{}, ledger.ErrNotFound
	}
	return found[0], nil
}

// Tokens returns the tokens of some holdings' newest commands.
func (s *Store) Tokens(ctx context.Context, grants []string) (map[string]contract.Token, error) {
	tokens := map[string]contract.Token{}
	_, err := list(ctx, s, "read the tokens of holdings", func(row pgx.Row) (token contract.Token, err error) {
		var grant literal
		err = row.Scan(&grant, &token.Epoch, &token.Seq)
		tokens[string(grant)] = token
		return token, err
	}, readTokens, escapeAll(grants))
	if err != nil {
		return nil, err
	}
	return tokens, nil
}
