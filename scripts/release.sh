#!/usr/bin/env bash
# Makes a release of the commit that is checked out: binaries with checksums and bills of materials in bin/release/<version>,
# the histories of its workflows, recorded by that binary, and its heading in CHANGELOG.md. What is left to do by hand, it says.
# A release that fails leaves nothing behind.
# Usage: scripts/release.sh v1.2.3
set -euo pipefail
cd "$(dirname "$0")/.."
version=${1:?name the version: make release VERSION=v1.2.3}
go=${GO:-go}
make=${MAKE:-make}
bom=bin/tools/cyclonedx-gomod-v1.10.0
commit=$(git rev-parse HEAD)

refuse() {
	echo "release: $1" >&2
	exit 1
}

# A version is a tag that does not exist yet; everything in the tree is committed; users can read what is new.
check() {
	[[ $version =~ ^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$ ]] ||
		refuse "\"$version\" is no version; write it like v1.2.3 or v1.2.3-rc.1"
	[ -z "$(git tag --list "$version")" ] || refuse "the tag $version exists; choose the next version"
	[ -z "$(git tag --points-at HEAD --list 'v*')" ] || refuse "this commit is released already"
	[ -z "$(git status --porcelain)" ] || refuse "the tree has changes; commit them first"
	compgen -G "workflows/*/testdata/replay/$version" >/dev/null && refuse "histories of $version are recorded already"
	awk '/^## /{reading = /\[Unreleased\]/} reading && /^- /{found = 1} END{exit !found}' CHANGELOG.md ||
		refuse "CHANGELOG.md has no entries under [Unreleased]; write what users notice"
	scripts/histories.sh
	# .ci/run writes down which commit has passed it.
	[ "$(cat bin/passed 2>/dev/null)" = "$commit" ] || "$make" lint test
}

build() {
	rm -rf "$out" # of an attempt that was killed
	scripts/binaries.sh "$version" "$out"
	local file
	for file in "$out"/curfew-*; do
		"$bom" bin -json -noserial -notimestamp -version "$version" -output "$file.cdx.json" "$file" 2>/dev/null
	done
	(cd "$out" && sha256sum curfew-* >SHA256SUMS)
	[ "$("$native" version)" = "curfew $version" ] || refuse "$native says that it is $("$native" version)"
}

write_heading() {
	local heading
	heading="## [${version#v}] - $(date -u +%F)"
	awk -v heading="$heading" '{print} /^## \[Unreleased\]/ {print "\n" heading}' CHANGELOG.md >"$out/changelog"
	cat "$out/changelog" >CHANGELOG.md
	rm "$out/changelog"
}

# The tree had none of this, or the release had been refused.
undo() {
	rm -rf "$out" workflows/*/testdata/replay/"$version"
	git checkout -q -- CHANGELOG.md
	echo "release: $version failed, and left nothing behind" >&2
}

out=bin/release/$version
native=$out/curfew-$version-$("$go" env GOOS)-$("$go" env GOARCH)
check
trap undo EXIT
build
"$make" record RELEASE="$version" CURFEW="$native"
write_heading
trap - EXIT
cat <<END
$version is in $out. What is left:
  1. read the new heading of CHANGELOG.md and the recorded histories
  2. git add CHANGELOG.md workflows && git commit -m "Release $version"
  3. git tag -s -m $version $version && git push --follow-tags
  4. publish the files in $out
END
