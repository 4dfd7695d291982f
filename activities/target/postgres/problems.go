package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"curfew/workflows/contract"
)

// Codes of PostgreSQL's errors that mean something of their own here.
const (
	codeUndefinedObject    = "42704"
	codeNoPrivilege        = "42501"
	codeInvalidGrant       = "0LP01" // a membership that would close a circle
	codeWrongPassword      = "28P01"
	codeNoAuthorization    = "28000"
	codeReadOnlyServer     = "25006"
	codeProtocolViolation  = "08P01"
	codeTooManyConnections = "53300"
)

// problem turns what went wrong with a membership into what a person can act on. Errors that we don't know may pass:
// "tuple concurrently updated", a deadlock, a server that restarts.
func (c *connector) problem(err error, m membership) error {
	var known *contract.Problem
	if errors.As(err, &known) {
		return known
	}
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return c.unreachable(err)
	}
	switch refused.Code {
	case codeUndefinedObject:
		return contract.NotFound("PostgreSQL: %s", refused.Message).
			Advise("make sure that both roles exist on the server")
	case codeNoPrivilege:
		return contract.Denied("Curfew's role %q may not give or take membership in %q: %s", c.broker, m.role, refused.Message).
			Advise("let an administrator run: GRANT " + quote(m.role) + " TO " + quote(c.broker) + " WITH ADMIN OPTION")
	case codeInvalidGrant:
		return contract.Denied("PostgreSQL: %s", refused.Message).
			At("account").
			Advise("give the subject an account that the role is not itself a member of")
	default:
		problem := c.unavailable(refused)
		if isSessionEnded(err) {
			return problem
		}
		return problem.AsRefusal()
	}
}

// isSessionEnded is true when the server has ended a session in the midst of a call. That is no answer to the call: it
// may have been done before. A connection that the server refuses has done nothing.
func isSessionEnded(err error) bool {
	var (
		connect *pgconn.ConnectError
		said    *pgconn.PgError
	)
	return errors.As(err, &said) && said.SeverityUnlocalized == "FATAL" && !errors.As(err, &connect)
}

// unavailable is for errors that may pass.
func (c *connector) unavailable(refused *pgconn.PgError) *contract.Problem {
	fix, said := "look at the server's log if it goes on", refused.Message
	switch refused.Code {
	case codeWrongPassword, codeNoAuthorization:
		fix = "check the user and the password in the target's dsn, and the server's pg_hba.conf"
	case codeReadOnlyServer:
		fix = "point the target's dsn at the primary server"
	case codeProtocolViolation:
		fix = "let the target's dsn lead to the server itself, past a pooler like PgBouncer: it does not take the settings of Curfew's sessions"
	case codeTooManyConnections:
		fix = "end sessions, give the subjects' accounts a CONNECTION LIMIT and Curfew's role reserved connections (docs/targets/postgres.md)"
		if crowd := c.links.crowd.Load(); crowd != nil {
			said += ": " + *crowd
		}
	}
	return contract.Unavailable("PostgreSQL: %s (SQLSTATE %s)", said, refused.Code).Advise(fix)
}

// unreachable tells what kept us from the server, in the words of the network and never of the dsn.
func (c *connector) unreachable(err error) *contract.Problem {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return contract.Unavailable("PostgreSQL did not answer before the call was given up").Advise("try again")
	}
	cause := err
	if connect := (*pgconn.ConnectError)(nil); errors.As(err, &connect) {
		cause = connect.Unwrap()
	}
	return contract.Unavailable("PostgreSQL can't be reached: %v", cause).
		Advise("check that the server runs and the host and port in the target's dsn")
}

func missing(field, name string) *contract.Problem {
	return contract.NotFound("no role %q on the server", name).
		At(field).
		Advise("create it on the server, or correct its name")
}

// codeOf is the SQLSTATE of an answer of the server's; empty for any other error, and for none.
func codeOf(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}

// dropped is true when an error only says that what a revoke names is not there.
func dropped(err error, before seen) bool {
	return codeOf(err) == codeUndefinedObject && (before.role == 0 || before.account == 0)
}
