#!/usr/bin/env bash
# The packages whose tests start no process: no Temporal, no database, no directory, no binary of ours. Their tests import
# neither os/exec nor what starts servers; proxies and the pace of the machine are no servers.
set -euo pipefail
go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./... |
	sed -E 's#curfew/internal/testserver/(pace|proxy)##g' |
	grep -vE ' (os/exec|curfew/internal/testserver/[a-z]+|curfew/starter/startertest|curfew/internal/chaos/world)( |$)' |
	cut -d' ' -f1 |
	grep -vE '^curfew/(internal/testserver/.*|internal/mutate)$'
