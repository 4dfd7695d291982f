package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	// sessionPatience is how long sessions may take to end: one that writes a lot has much to undo.
	sessionPatience = 3 * time.Second
	firstLook       = 2 * time.Millisecond
	longestPause    = 100 * time.Millisecond
)

// EndSessions implements target.SessionEnder: after a revoke, an open cursor and a prepared statement in an open
// transaction still read. Sessions that begin later see the revoke and are left alone.
func (c *connector) EndSessions(ctx context.Context, access target.Access) (int, error) {
	m, err := membershipOf(access)
	if err != nil {
		return 0, err
	}
	ended := 0
	err = c.links.use(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		found, err := find(ctx, conn, access, m)
		if err != nil {
			return err
		}
		account := found.oids().account
		pids, err := kill(ctx, conn, account)
		if err != nil {
			return c.sessionProblem(ctx, conn, err, m)
		}
		ended = len(pids)
		return awaitEnd(ctx, conn, m, account, pids)
	})
	if err != nil {
		return 0, c.problem(err, m)
	}
	return ended, nil
}

// kill tells all sessions of the account with an oid to end, and returns those that had not ended by themselves.
func kill(ctx context.Context, conn *pgx.Conn, account uint32) ([]int32, error) {
	rows, err := conn.Query(ctx, killStatement, account)
	if err != nil {
		return nil, err
	}
	var (
		pids  []int32
		pid   int32
		found bool
	)
	_, err = pgx.ForEachRow(rows, []any{&pid, &found}, func() error {
		if found {
			pids = append(pids, pid)
		}
		return nil
	})
	return pids, err
}

// awaitEnd looks until the sessions are no longer listed. The server takes a session from the list after it has
// undone its transaction.
func awaitEnd(ctx context.Context, conn *pgx.Conn, m membership, account uint32, pids []int32) error {
	deadline := time.Now().Add(sessionPatience)
	left := len(pids)
	for pause := firstLook; left > 0; pause = min(2*pause, longestPause) {
		if time.Now().After(deadline) {
			return contract.Unavailable("%d sessions of %q were told to end %s ago and have not yet", left, m.account, sessionPatience).
				Advise("if it goes on, look at them in pg_stat_activity")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		if err := conn.QueryRow(ctx, leftStatement, account, pids).Scan(&left); err != nil {
			return err
		}
	}
	return nil
}

// sessionProblem tells apart the two reasons for not being allowed to end a session.
func (c *connector) sessionProblem(ctx context.Context, conn *pgx.Conn, err error, m membership) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != codeNoPrivilege {
		return err
	}
	var superuser bool
	if err := conn.QueryRow(ctx, `SELECT rolsuper FROM pg_roles WHERE rolname = $1`, m.account).
		Scan(&superuser); err != nil {
		return err
	}
	if superuser {
		return contract.Denied("%q is a superuser: only a superuser can end its sessions", m.account).
			At("account").
			Advise("end the sessions as a superuser, and give the subject an account that is none")
	}
	return contract.Denied("Curfew's role %q may not end sessions: %s", c.broker, refused.Message).
		Advise("let an administrator run: GRANT pg_signal_backend TO " + quote(c.broker))
}
