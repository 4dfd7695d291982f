#!/usr/bin/env bash
# Plays random schedules against the workflows' models: scripts/models.sh 10000
set -euo pipefail
# Each model runs in ten shards.
"${GO:-go}" test -count=1 -timeout 60m -run 'KeepsToItsModel|EveryUpdateOfAGrantIsAnswered' \
	./workflows/request ./workflows/grant -rapid.checks "$((${1:-10000} / 10))"
