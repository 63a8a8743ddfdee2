#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# build.sh [--where]
#
# Build the real parts of a Kubernetes cluster, at the versions in parts/go.mod, and print the directory
# they are in; --where only prints it. A cold build takes some minutes, so the programs are kept
# outside of the tree, in $VSECM_KUBE_CACHE; once they are there nothing is done.
set -euo pipefail
cd "$(dirname "$0")/parts"
. ../../../tools/kept.sh

kubernetes=$(sed -n 's|^\s*k8s.io/kubernetes \(v[^ ]*\).*|\1|p' go.mod)
containerd=$(sed -n 's|^\s*github.com/containerd/containerd/v2 \(v[^ ]*\).*|\1|p' go.mod)
# Whatever changes what is built changes the directory.
recipe=$(cat go.mod go.sum etcd/main.go ../build.sh ../../../tools/kept.sh | sha256sum | cut -c1-8)
kept_begin "${VSECM_KUBE_CACHE:-/var/cache/vsecm/kube-${kubernetes#v}-$recipe}" "$@"
rm -rf "$work/tmp" && mkdir "$work/tmp"

# Programs without a version say one that no client can read; major and minor belong together, or
# the API server ends at once.
minor=${kubernetes#v1.}
set=(
    "k8s.io/component-base/version.gitVersion=$kubernetes"
    "k8s.io/component-base/version.gitMajor=1"
    "k8s.io/component-base/version.gitMinor=${minor%%.*}"
    "k8s.io/client-go/pkg/version.gitVersion=$kubernetes"
    "github.com/containerd/containerd/v2/version.Version=$containerd"
)

# One call for all: what they share is compiled once, and no core waits for a linker. Code that is not
# inlined and has no debugging information takes 30 % less time to compile, and is fast enough here.
export GOCACHE=$work/go-build GOMODCACHE=$work/go-mod GOTMPDIR=$work/tmp GOFLAGS= GOWORK=off CGO_ENABLED=0
export GOTOOLCHAIN=local
nice -n 5 "$go" build -mod=readonly -modcacherw -buildvcs=false -trimpath -gcflags='all=-dwarf=false -l' \
    -ldflags="-s -w $(printf -- '-X %s ' "${set[@]}")" -o "$work/programs/" \
    k8s.io/kubernetes/cmd/kube-{apiserver,controller-manager,scheduler} \
    k8s.io/kubernetes/cmd/{kubelet,kubectl} ./etcd \
    github.com/containerd/containerd/v2/cmd/{containerd,containerd-shim-runc-v2,ctr} >&2
kept_end
