package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Statements that each connection prepares once: a thousand ends may come due in one second, and planning these
// would cost the server more than answering them.
const (
	lookStatement = "curfew_look"
	vetStatement  = "curfew_vet"
	killStatement = "curfew_kill"
	leftStatement = "curfew_left"
	// namesStatement is asked only when a role or an account was renamed or dropped.
	namesStatement = "curfew_names"

	crowdStatement = "curfew_crowd"
)

// firstWithGrantors is the version in which each grantor's membership is a thing of its own: REVOKE by one leaves what
// another has granted. Before, there was one membership, whoever had granted it.
const firstWithGrantors = 16

var statements = map[string]string{
	// What is there of a role $1, an account $2 and the membership that we would revoke.
	lookStatement: `
		SELECT COALESCE(role, 0)::oid, COALESCE(account, 0)::oid, EXISTS (
			SELECT FROM pg_auth_members
			WHERE roleid = role AND member = account AND (grantor = us OR current_setting('server_version_num')::int < 160000))
		FROM (SELECT to_regrole(quote_ident($1))::oid AS role, to_regrole(quote_ident($2))::oid AS account,
			to_regrole(quote_ident(current_user)) AS us) AS named`,
	// What a role $1 and an account $2 are called now; empty for one that was dropped.
	namesStatement: `
		SELECT COALESCE((SELECT rolname::text FROM pg_roles WHERE oid = $1), ''),
			COALESCE((SELECT rolname::text FROM pg_roles WHERE oid = $2), '')`,
	// Why members of a role $1 could make the access of an account $2 last: a role that they would reach with it and
	// that can give access away; that the account is a superuser, who can't lose any; that the account is ourselves.
	// OFFSET 0 has the few roles that are reached looked up one by one: the planner expects many, and would read all.
	vetStatement: `
		WITH RECURSIVE reached (oid) AS (
			SELECT to_regrole(quote_ident($1))::oid
			UNION SELECT roleid FROM pg_auth_members JOIN reached ON member = reached.oid)
		SELECT
			(SELECT rolname::text
			FROM reached, LATERAL (SELECT * FROM pg_roles WHERE pg_roles.oid = reached.oid OFFSET 0) AS one
			WHERE rolsuper OR rolcreaterole OR rolname = ANY ($3::text[])
				OR EXISTS (SELECT FROM pg_auth_members WHERE member = one.oid AND admin_option)
			ORDER BY rolname LIMIT 1),
			COALESCE((SELECT rolsuper FROM pg_roles WHERE rolname = $2), false),
			$2::name = current_user`,
	// Sends the signal without waiting, so that many sessions end at the same time. The list is made first: a condition
	// on the name would otherwise not be sure to come before the signal. Without further privileges we see whose a
	// session is, but not when it began. Those of an account that was dropped meanwhile have its oid still.
	killStatement: `
		WITH theirs AS MATERIALIZED (SELECT pid FROM pg_stat_activity WHERE usesysid = $1)
		SELECT pid, pg_terminate_backend(pid) FROM theirs`,
	crowdStatement: `
		SELECT usename, count(*)::int, current_setting('max_connections')::int FROM pg_stat_activity
		WHERE usename IS NOT NULL GROUP BY usename ORDER BY 2 DESC, 1 LIMIT 1`,
	leftStatement: `SELECT count(*) FROM pg_stat_activity WHERE usesysid = $1 AND pid = ANY ($2::int[])`,
}

// prepare readies a new connection.
func prepare(ctx context.Context, conn *pgx.Conn) error {
	for name, sql := range statements {
		if _, err := conn.Prepare(ctx, name, sql); err != nil {
			return err
		}
	}
	return identify(ctx, conn)
}

// grantStatement gives the membership with the server's own privilege as grantor. Where PostgreSQL knows the
// difference, the subject uses the role's privileges but can't become it: what it made as the role (a function that
// runs with the role's rights) would outlive the access, and so would a session that had become it.
func grantStatement(m membership, version int) string {
	options := ""
	if version >= firstWithGrantors {
		options = " WITH INHERIT TRUE, SET FALSE"
	}
	return "GRANT " + quote(m.role) + " TO " + quote(m.account) + options + " GRANTED BY CURRENT_USER"
}

func revokeStatement(m membership) string {
	return "REVOKE " + quote(m.role) + " FROM " + quote(m.account) + " GRANTED BY CURRENT_USER"
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// majorVersion is that of a server, which says it on each new connection: "15.18 (Debian 15.18-0+deb12u1)", "18beta1".
func majorVersion(conn *pgx.Conn) int {
	said := conn.PgConn().ParameterStatus("server_version")
	digits := strings.IndexFunc(said, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(said)
	}
	version, _ := strconv.Atoi(said[:digits])
	return version
}
