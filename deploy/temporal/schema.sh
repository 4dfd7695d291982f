#!/bin/sh
# Creates the databases of a Temporal cluster in PostgreSQL, or updates them to the version of this temporal-sql-tool. A second
# run changes nothing. The environment variables SQL_* say where.
set -eu

migrate() { # database, its schema
	temporal-sql-tool --database "$1" create-database --defaultdb postgres
	temporal-sql-tool --database "$1" setup-schema --version 0.0
	temporal-sql-tool --database "$1" update-schema --schema-name "postgresql/v12/$2"
}

migrate temporal temporal
migrate temporal_visibility visibility
