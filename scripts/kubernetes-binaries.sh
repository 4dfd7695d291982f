#!/bin/sh
# Builds kube-apiserver and etcd from their Go modules, for `make test-kubernetes`, and keeps them in
# ~/.cache/curfew/kubernetes: about five minutes on two idle cores, once for each version. Prints nothing when they are there.
# CURFEW_KUBERNETES_BIN names another folder; the script uses a kube-apiserver and an etcd in it as they are.
set -eu
version=1.37.2
bin=${CURFEW_KUBERNETES_BIN:-$HOME/.cache/curfew/kubernetes}
go=${GO:-go}

complete() {
	[ -x "$bin/kube-apiserver" ] && [ -x "$bin/etcd" ] || return 1
	[ -n "${CURFEW_KUBERNETES_BIN:-}" ] || [ "$("$bin/kube-apiserver" --version)" = "Kubernetes v$version" ]
}

complete && exit
echo "building kube-apiserver $version and etcd into $bin; this takes about five minutes on two idle cores" >&2
mkdir -p "$bin"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$work"

# Within their repository the modules of Kubernetes have no versions; outside it each needs its published version.
printf 'module servers\n\ngo 1.26.0\n\ngodebug default=go1.26\n\nrequire k8s.io/kubernetes v%s\n' "$version" >go.mod
mod=$("$go" mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/^[[:space:]]*"GoMod": "\(.*\)",*$/\1/p')
{
	printf '\nreplace (\n'
	awk -v published="v0.${version#1.}" '$1 ~ /^k8s.io\// && $2 == "v0.0.0" {print "\t" $1 " => " $1 " " published}' "$mod" | sort -u
	printf ')\n'
} >>go.mod
cat >servers.go <<'EOF'
//go:build servers

package servers

import (
	_ "go.etcd.io/etcd/server/v3"
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
EOF
"$go" mod tidy 2>/dev/null || "$go" mod tidy # the second run prints what is wrong

stamp=k8s.io/component-base/version
minor=${version#1.}
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
"$go" build -ldflags "-s -w" -o etcd go.etcd.io/etcd/server/v3
"$go" build -ldflags "-s -w -X $stamp.gitVersion=v$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*}" \
	-o kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
mv etcd kube-apiserver "$bin"
