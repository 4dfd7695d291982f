#!/usr/bin/env bash
# Builds the binaries of a version into a folder. The same source gives the same bytes, whoever builds it and where, by the
# same version of Go: the environment chooses nothing. The source's commit is not written into them: the tag is put on
# the next commit, which has the histories and the heading as well, and they can be built again from that.
# Usage: scripts/binaries.sh v1.2.3 folder
set -euo pipefail
cd "$(dirname "$0")/.."
version=$1
out=$2
go=${GO:-go}
platforms=(linux/amd64 linux/arm64 darwin/amd64 darwin/arm64)

mkdir -p "$out"
for platform in "${platforms[@]}"; do
	file=$out/curfew-$version-${platform/\//-}
	CGO_ENABLED=0 GOOS=${platform%/*} GOARCH=${platform#*/} GOFLAGS='' GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT='' GOWORK=off \
		"$go" build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.release=$version" -o "$file" ./cmd/curfew
	"$go" version -m "$file" | grep -q 'CGO_ENABLED=0' || {
		echo "$file is not static" >&2
		exit 1
	}
done
