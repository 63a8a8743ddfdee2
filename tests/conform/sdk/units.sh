#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# units.sh GO PYTHON: what the SDKs test by themselves, without a daemon.
set -u
cd "$(dirname "$0")/../../../sdk"
go=$1 python=$2
export GOFLAGS= GOWORK=off GOTOOLCHAIN=local GOPROXY=off PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=python
failed=0

check() { # NAME COMMAND...
    local said
    if said=$("${@:2}" 2>&1); then
        echo "ok - sdk: $1"
    else
        echo "${said//$'\n'/$'\n'# }" | sed '1s/^/# /'
        echo "not ok - sdk: $1"
        failed=1
    fi
}

formatted() { # DIRECTORY...
    local said
    said=$("$("$go" env GOROOT)/bin/gofmt" -l "$@") && [ -z "$said" ] || { echo "$said"; false; }
}

in_go() {
    (cd go && "$go" "$@")
}

# The race detector is a package of its own in some distributions.
race=
ls "$("$go" env GOROOT)"/src/runtime/race/internal/*/race_*.syso "$("$go" env GOROOT)"/src/runtime/race/race_linux_*.syso 2> /dev/null | grep -q . && race=-race

check "gofmt has nothing to change" formatted go ../tests/conform/sdk/go
check "Go: go vet" in_go vet ./...
check "Go: unit tests${race:+ with the race detector}" in_go test -count=1 $race ./...
check "Python: unit tests" "$python" python/tests/test_units.py
check "Python: tests of guards" "$python" python/tests/test_guard.py
exit $failed
