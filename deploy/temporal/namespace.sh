#!/bin/sh
# Creates Curfew's namespace and its search attributes. A second run changes nothing. The environment variables TEMPORAL_ADDRESS
# and TEMPORAL_NAMESPACE say where.
set -eu

# A server needs some seconds after its start, and after it creates a namespace, before it finds the namespace.
persistently() {
	attempts=30
	until "$@"; do
		attempts=$((attempts - 1))
		[ "$attempts" -gt 0 ] || return 1
		sleep 2
	done
}

operator() {
	temporal operator "$@" --address "$TEMPORAL_ADDRESS" --namespace "$TEMPORAL_NAMESPACE"
}

namespace() {
	operator namespace describe >/dev/null 2>&1 || operator namespace create --retention 720h
}

search_attributes() {
	operator search-attribute create \
		--name CurfewState --type Keyword \
		--name CurfewTemplate --type Keyword \
		--name CurfewTarget --type KeywordList \
		--name CurfewSubject --type Keyword \
		--name CurfewTicket --type Keyword \
		--name CurfewDeadline --type Datetime \
		--name CurfewStuck --type Bool
}

persistently namespace
persistently search_attributes
