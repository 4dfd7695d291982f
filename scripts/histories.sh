#!/usr/bin/env bash
# Fails when a history that a release has recorded is changed or removed: requests that began under that release may still
# sleep somewhere. It compares with the tags of the releases, and fails where one is missing.
set -euo pipefail

# recorded lists the releases whose histories a commit has.
recorded() {
	git ls-tree -rd --name-only "$1" -- workflows |
		sed -nE 's#^workflows/[^/]+/testdata/replay/([^/]+)$#\1#p' | sort -u
}

if [ ! -e .git ] && ! git rev-parse --git-dir >/dev/null 2>&1; then
	echo "no repository: nothing says which histories releases have recorded" >&2
	exit 0
fi
status=0
releases=$(git tag --merged HEAD --list 'v*')
for release in $releases; do
	changed=$(git diff --no-renames --diff-filter=a --name-status "$release" -- 'workflows/*/testdata/replay/*')
	if [ -n "$changed" ]; then
		printf 'recorded histories differ from those of %s; restore them, and correct the code if their replay fails:\n%s\n' \
			"$release" "$changed" >&2
		status=1
	fi
done

# A commit that adds a release's histories comes before the tag. All others need it.
if git rev-parse -q --verify HEAD~ >/dev/null; then
	before=$(recorded HEAD~)
elif [ "$(git rev-parse --is-shallow-repository)" = true ]; then
	before=$(recorded HEAD)
fi
for release in ${before-}; do
	if ! grep -qxF "$release" <<<"$releases"; then
		echo "the tag of $release is missing, so its histories can't be compared; fetch all commits and tags" >&2
		status=1
	fi
done
exit "$status"
