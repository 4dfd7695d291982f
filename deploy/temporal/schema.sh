#!/bin/sh
# Makes the databases of a Temporal cluster in PostgreSQL, or brings them to the version of this temporal-sql-tool. Run
# again, it changes nothing. SQL_* in the environment say where.
set -eu

migrate() { # database, its schema
	temporal-sql-tool --database "$1" create-database --defaultdb postgres
	temporal-sql-tool --database "$1" setup-schema --version 0.0
	temporal-sql-tool --database "$1" update-schema --schema-name "postgresql/v12/$2"
}

migrate temporal temporal
migrate temporal_visibility visibility
