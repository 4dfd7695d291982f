#!/usr/bin/env bash
# Fails when a history that a release has recorded is changed or removed: requests that began under that release may still
# sleep somewhere. It needs the tags of releases; where there are none, nothing has been recorded.
set -euo pipefail
status=0
for release in $(git tag --merged HEAD --list 'v*'); do
	changed=$(git diff --no-renames --diff-filter=a --name-status "$release" -- 'workflows/*/testdata/replay/*')
	if [ -n "$changed" ]; then
		printf 'recorded histories differ from those of %s; restore them, and correct the code if their replay fails:\n%s\n' \
			"$release" "$changed" >&2
		status=1
	fi
done
exit "$status"
