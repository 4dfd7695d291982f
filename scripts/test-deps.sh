#!/bin/sh
# Checks for what the tests need beyond Go, and installs what is missing where it can do so without a question: as root, with
# apt-get. Prints nothing when everything is there.
set -eu

# It searches the same places, in the same order, as internal/testserver/postgres.
has_postgres() {
	if [ -n "${CURFEW_POSTGRES_BIN:-}" ]; then
		[ -x "$CURFEW_POSTGRES_BIN/initdb" ] && [ -x "$CURFEW_POSTGRES_BIN/postgres" ]
		return
	fi
	command -v initdb >/dev/null && command -v postgres >/dev/null && return
	for bin in /usr/lib/postgresql/*/bin; do
		[ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && return
	done
	return 1
}

# Debian's package would also start a cluster of its own, which no test uses.
install_postgres() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	mkdir -p /etc/postgresql-common/createcluster.d
	echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/curfew-tests.conf
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends postgresql >/dev/null
}

has_postgres || { [ -z "${CURFEW_POSTGRES_BIN:-}" ] && install_postgres && has_postgres; } || {
	echo "test-deps: the tests need a PostgreSQL server (13 or later): install it, or set CURFEW_POSTGRES_BIN to the folder of initdb and postgres" >&2
	exit 1
}

# Debian's slapd installs its overlays and schemas here; the tests start it with a configuration of their own.
has_slapd() {
	{ command -v slapd || [ -x /usr/sbin/slapd ]; } >/dev/null && [ -e /usr/lib/ldap/dds.so ] && [ -e /etc/ldap/schema/core.schema ]
}

# Without this the package would also set up and start a directory of its own, which no test uses.
install_slapd() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	export DEBIAN_FRONTEND=noninteractive
	echo 'slapd slapd/no_configuration boolean true' | debconf-set-selections
	apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends slapd >/dev/null
}

has_slapd || { install_slapd && has_slapd; } || {
	echo "test-deps: the tests need slapd of OpenLDAP 2.5 or later with the overlays in /usr/lib/ldap: install Debian's package slapd" >&2
	exit 1
}

# The SCIM server of internal/testserver/scim; that package looks for the npm packages in this folder.
scim_source=$(dirname "$0")/../internal/testserver/scim/peer
scim_packages=$(dirname "$0")/../bin/scim-peer

has_node() { command -v node >/dev/null && command -v npm >/dev/null; }

install_node() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
}

has_scim_packages() {
	cmp -s "$scim_source/package-lock.json" "$scim_packages/package-lock.json" && [ -d "$scim_packages/node_modules" ]
}

# The packages are installed beside their final place, so that no later run takes those of an interrupted run for complete.
install_scim_packages() (
	mkdir -p "$(dirname "$scim_packages")"
	new=$(mktemp -d "$scim_packages.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	cp "$scim_source/package.json" "$scim_source/package-lock.json" "$scim_source/.npmrc" "$new"
	(cd "$new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) &&
		rm -rf "$scim_packages" && mv "$new" "$scim_packages"
)

has_node || { install_node && has_node; } || {
	echo "test-deps: the tests need Node.js (18 or later) and npm: install them" >&2
	exit 1
}
has_scim_packages || { install_scim_packages && has_scim_packages; } || {
	echo "test-deps: npm could not install the packages of internal/testserver/scim/peer: see why with npm ci in that folder" >&2
	exit 1
}

# OpenSSH's server, and the client's ssh-keygen, which the tests use to read lists of revoked certificates.
has_sshd() {
	{ command -v sshd || [ -x /usr/sbin/sshd ] || [ -x /usr/local/sbin/sshd ]; } >/dev/null && command -v ssh-keygen >/dev/null
}

# Debian's package would also start a server for everybody; this file is its own way to say no.
install_sshd() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	mkdir -p /etc/ssh
	touch /etc/ssh/sshd_not_to_be_run
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends openssh-server openssh-client >/dev/null
}

has_sshd || { install_sshd && has_sshd; } || {
	echo "test-deps: the tests need OpenSSH's sshd and ssh-keygen: install Debian's packages openssh-server and openssh-client" >&2
	exit 1
}

# A browser for the test of the sign-in. The names are those that chromedp looks for.
has_chromium() {
	for name in headless_shell headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
		command -v "$name" >/dev/null && return
	done
	return 1
}

install_chromium() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends chromium >/dev/null
}

has_chromium || { install_chromium && has_chromium; } || {
	echo "test-deps: the tests need Chromium: install Debian's package chromium" >&2
	exit 1
}

# A connection pooler, which stands between Curfew and PostgreSQL in some tests.
has_pgbouncer() { { command -v pgbouncer || [ -x /usr/sbin/pgbouncer ]; } >/dev/null; }

# Debian's package would also start a pooler of its own, unless a file says that nothing is to be started.
install_pgbouncer() (
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod +x "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null
)

has_pgbouncer || { install_pgbouncer && has_pgbouncer; } || {
	echo "test-deps: the tests need PgBouncer: install Debian's package pgbouncer" >&2
	exit 1
}
