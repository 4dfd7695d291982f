#!/bin/sh
# Finds what the tests need beyond Go, and installs it where that is possible without asking: as root, with apt-get.
# Says nothing when all is there.
set -eu

# The same places, in the same order, as internal/testserver/postgres.
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

# Debian's package would also start a cluster of its own, which nobody here uses.
install_postgres() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	mkdir -p /etc/postgresql-common/createcluster.d
	echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/curfew-tests.conf
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends postgresql >/dev/null
}

has_postgres || { [ -z "${CURFEW_POSTGRES_BIN:-}" ] && install_postgres && has_postgres; } || {
	echo "test-deps: the tests need a PostgreSQL server (13 or later): install it, or let CURFEW_POSTGRES_BIN name the folder of initdb and postgres" >&2
	exit 1
}
