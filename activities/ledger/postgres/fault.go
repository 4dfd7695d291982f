package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// Codes of errors. The first is our own, of the trigger that guards events.
const (
	codeOtherEvent  = "CF409"
	codeNoPrivilege = "42501"
)

// remedies say what a person can do about PostgreSQL's errors. All of them may pass, so all are KindUnavailable.
var remedies = map[string]string{
	codeNoPrivilege: "give Curfew's role the privileges that docs/run.md lists",
	"28P01":         "check the user and the password in the ledger's DSN",
	"28000":         "check the user in the ledger's DSN, and the server's pg_hba.conf",
	"3D000":         "make the database, or correct its name in the ledger's DSN",
	"3F000":         "start Curfew once with the DSN of the role that may make the schema " + schema,
	"42P01":         "restore the ledger's tables from a backup",
	"25006":         "point the ledger's DSN at the primary server",
	"53100":         "make room on the server's disk",
	"53300":         "raise the server's max_connections, or run fewer processes",
	"57014":         "look what keeps the server busy",
	"57P01":         "wait until the server is up again",
	"57P03":         "wait until the server is up again",
}

// fault says what was done when an error came, and what helps, if that is known. It never shows the DSN.
func fault(ctx context.Context, doing string, err error) error {
	var problem *contract.Problem
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &problem) || errors.Is(err, ledger.ErrNotFound):
		return err
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w (%w)", doing, ctx.Err(), network(err))
	case !errors.As(err, &refused):
		return fmt.Errorf(
			"%s: %w",
			doing,
			contract.Unavailable("the ledger can't be reached: %v", network(err)).
				Advise("check that the ledger's server runs, and the host and port in its DSN"),
		)
	case refused.Code == codeOtherEvent:
		return ledger.Conflict(refused.Detail)
	}
	fix, known := remedies[refused.Code]
	if !known {
		fix = "look at the server's log if it goes on"
	}
	return fmt.Errorf("%s: %w", doing,
		contract.Unavailable("the ledger: %s (SQLSTATE %s)", refused.Message, refused.Code).Advise(fix))
}

// network is what kept us from the server, without user and database.
func network(err error) error {
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) {
		return connect.Unwrap()
	}
	return err
}

func codeOf(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}
