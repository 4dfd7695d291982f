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

	givesOnStatement  = "curfew_gives_on"
	mayGrantStatement = "curfew_may_grant"
	remnantsStatement = "curfew_remnants"

	closeRemnantsStatement = "curfew_close_remnants"
)

// firstWithGrantors is the version in which each grantor's membership is a thing of its own: REVOKE by one leaves what
// another has granted. Before, there was one membership, whoever had granted it.
const firstWithGrantors = 16

// reached are the roles that members of a role $1 act as: it, and those that it is a member of.
const reached = `reached (oid) AS (
			SELECT to_regrole(quote_ident($1))::oid
			UNION SELECT roleid FROM pg_auth_members JOIN reached ON member = reached.oid)`

// touched are the objects of this database that the roles reached own or have privileges on, and who may do what with
// them. An object's age is how many transactions ago it was last changed.
const touched = `here (oid) AS (SELECT oid FROM pg_database WHERE datname = current_database()),
		touched (classid, objid, acl, age) AS (
			SELECT classid, objid, acl, age(changed) FROM (
				SELECT DISTINCT classid, objid, objsubid, deptype FROM pg_shdepend
				WHERE refclassid = 'pg_authid'::regclass AND refobjid IN (SELECT oid FROM reached) AND deptype IN ('o', 'a')
					AND (dbid = 0 OR dbid = (SELECT oid FROM here))) AS objects,
			LATERAL (
				SELECT relacl, xmin FROM pg_class WHERE classid = 'pg_class'::regclass AND objsubid = 0 AND oid = objid
				UNION ALL SELECT attacl, xmin FROM pg_attribute
				WHERE classid = 'pg_class'::regclass AND objsubid > 0 AND attrelid = objid AND attnum = objsubid
				UNION ALL SELECT attacl, xmin FROM pg_attribute
				WHERE classid = 'pg_class'::regclass AND deptype = 'o' AND attrelid = objid AND attacl IS NOT NULL
				UNION ALL SELECT proacl, xmin FROM pg_proc WHERE classid = 'pg_proc'::regclass AND oid = objid
				UNION ALL SELECT nspacl, xmin FROM pg_namespace WHERE classid = 'pg_namespace'::regclass AND oid = objid
				UNION ALL SELECT typacl, xmin FROM pg_type WHERE classid = 'pg_type'::regclass AND oid = objid
				UNION ALL SELECT datacl, xmin FROM pg_database WHERE classid = 'pg_database'::regclass AND oid = objid
				UNION ALL SELECT lanacl, xmin FROM pg_language WHERE classid = 'pg_language'::regclass AND oid = objid
				UNION ALL SELECT spcacl, xmin FROM pg_tablespace WHERE classid = 'pg_tablespace'::regclass AND oid = objid
				UNION ALL SELECT lomacl, xmin FROM pg_largeobject_metadata WHERE classid = 'pg_largeobject'::regclass AND oid = objid
				UNION ALL SELECT fdwacl, xmin FROM pg_foreign_data_wrapper WHERE classid = 'pg_foreign_data_wrapper'::regclass AND oid = objid
				UNION ALL SELECT srvacl, xmin FROM pg_foreign_server WHERE classid = 'pg_foreign_server'::regclass AND oid = objid
			) AS listed (acl, changed))`

// owned are the objects that the roles reached own, in all databases. What stands for a default or for an account
// elsewhere is none.
const owned = `owned AS (
			SELECT dbid, classid, objid, refobjid, age(xmin) AS age FROM pg_shdepend
			WHERE refclassid = 'pg_authid'::regclass AND refobjid IN (SELECT oid FROM reached) AND deptype = 'o'
				AND classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass))`

// since is how many transactions ago the transaction $2 was.
const since = `since (age) AS (SELECT age($2::text::xid))`

// givenOn are those who were first given privileges on an owned object since then, and made the objects that are owned
// since then.
const (
	givenOn = `
		SELECT format('%s has new privileges on an object of %s in %s (%s %s)', quote_ident(pg_roles.rolname),
			quote_ident(owner.rolname), COALESCE('database ' || quote_ident(datname), 'all databases'), owned.classid::regclass, owned.objid)
		FROM since, owned JOIN pg_shdepend AS given ON given.dbid = owned.dbid AND given.classid = owned.classid
				AND given.objid = owned.objid AND given.deptype = 'a' AND given.refclassid = 'pg_authid'::regclass
			JOIN pg_roles ON pg_roles.oid = given.refobjid JOIN pg_roles AS owner ON owner.oid = owned.refobjid
			LEFT JOIN pg_database ON pg_database.oid = owned.dbid
		WHERE age(given.xmin) < since.age AND given.refobjid NOT IN (SELECT oid FROM reached)`
	made = `
		SELECT format('%s owns a new object in %s (%s %s)', quote_ident(rolname),
			COALESCE('database ' || quote_ident(datname), 'all databases'), classid::regclass, objid)
		FROM since, owned JOIN pg_roles ON pg_roles.oid = refobjid LEFT JOIN pg_database ON pg_database.oid = dbid
		WHERE owned.age < since.age`
)

var statements = map[string]string{
	// What is there of a role $1, an account $2 and the membership that we would revoke: the transaction that gave it,
	// which it is as old as; empty when there is none.
	lookStatement: `
		SELECT COALESCE(role, 0)::oid, COALESCE(account, 0)::oid, COALESCE((
			SELECT xmin::text FROM pg_auth_members
			WHERE roleid = role AND member = account AND (grantor = us OR current_setting('server_version_num')::int < 160000)
			LIMIT 1), '')
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
		WITH RECURSIVE ` + reached + `
		SELECT
			(SELECT rolname::text
			FROM reached, LATERAL (SELECT * FROM pg_roles WHERE pg_roles.oid = reached.oid OFFSET 0) AS one
			WHERE rolsuper OR rolcreaterole OR rolname = ANY ($3::text[])
				OR EXISTS (SELECT FROM pg_auth_members WHERE member = one.oid AND admin_option)
			ORDER BY rolname LIMIT 1),
			COALESCE((SELECT rolsuper FROM pg_roles WHERE rolname = $2), false),
			$2::name = current_user`,
	// What members of a role $1 could give on for good: how much a role owns that they act as, and where; and what they
	// may grant privileges on.
	givesOnStatement: `
		WITH RECURSIVE ` + reached + `, ` + owned + `, ` + touched + `
		SELECT
			(SELECT format('%s, which owns %s objects (in %s)', quote_ident(rolname), count(*),
				string_agg(DISTINCT COALESCE(quote_ident(datname), 'all databases'), ', '))
			FROM owned JOIN pg_roles ON pg_roles.oid = refobjid LEFT JOIN pg_database ON pg_database.oid = dbid
			GROUP BY rolname ORDER BY rolname LIMIT 1),
			(SELECT format('%s, which may grant on %s on %s', quote_ident(rolname), privilege_type, pg_describe_object(classid, objid, 0))
			FROM touched, LATERAL aclexplode(acl) JOIN pg_roles ON pg_roles.oid = grantee
			WHERE is_grantable AND grantee IN (SELECT oid FROM reached) AND grantee <> grantor
			ORDER BY 1 LIMIT 1)`,
	// Up to version 15, CREATEROLE is enough to give any role that is no superuser.
	mayGrantStatement: `
		SELECT rolsuper OR rolcreaterole AND current_setting('server_version_num')::int < 160000
			OR current_setting('server_version_num')::int < 160000 AND pg_has_role($1::name, 'MEMBER WITH ADMIN OPTION')
			OR EXISTS (SELECT FROM pg_auth_members WHERE roleid = to_regrole(quote_ident($1)) AND member = pg_roles.oid AND admin_option)
		FROM pg_roles WHERE rolname = current_user`,
	// What members of a role $1 have given on or made since a transaction $2. What PUBLIC was given in another database
	// is not seen.
	remnantsStatement: `WITH RECURSIVE ` + reached + `, ` + owned + `, ` + since + givenOn + ` UNION ` + made + ` ORDER BY 1 LIMIT 20`,
	// The same, with each privilege on objects of this database. It reads all that the role has privileges on.
	closeRemnantsStatement: `WITH RECURSIVE ` + reached + `, ` + owned + `, ` + touched + `, ` + since + `
		SELECT format('%s on %s was granted to %s', privilege_type, pg_describe_object(classid, objid, 0),
			COALESCE(quote_ident(rolname), 'PUBLIC'))
		FROM since, touched, LATERAL aclexplode(acl) LEFT JOIN pg_roles ON pg_roles.oid = grantee
		WHERE touched.age < since.age AND grantor IN (SELECT oid FROM reached) AND grantee NOT IN (SELECT oid FROM reached)
		UNION ` + givenOn + ` AND owned.dbid NOT IN (0, (SELECT oid FROM here)) UNION ` + made + ` ORDER BY 1 LIMIT 20`,
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

// genericPlans has each statement planned once on a connection. The values that it is called with make no better plan,
// and to plan the longest takes the server a hundred times as long as to run it.
const genericPlans = `SET plan_cache_mode = force_generic_plan`

// prepare readies a new connection.
func prepare(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, genericPlans); err != nil {
		return err
	}
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
