# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
#
# To be sourced: programs that are built once, and kept outside of the tree. A directory of them appears
# whole or not at all, and a build that was killed goes on where it was, since Go keeps what it has
# compiled.
#
# kept_begin DIRECTORY [--where]   prints DIRECTORY and exits if it is there, or if no more is asked; else
#                                  returns with its lock held, `work` beside it, empty `programs` in
#                                  that, and a `go` that is new enough
# kept_end                         makes `programs` DIRECTORY, and prints that

kept_begin() {
    kept=$1 work=$1.work
    [ "${2-}" != --where ] && [ ! -d "$kept" ] || { echo "$kept"; exit; }
    mkdir -p "$(dirname "$kept")"
    exec 9> "$kept.lock"
    flock 9
    [ ! -d "$kept" ] || { echo "$kept"; exit; } # somebody else has built it meanwhile
    mkdir -p "$work"
    rm -rf "$work/programs"
    mkdir "$work/programs"
    go=$("$(dirname "${BASH_SOURCE[0]}")/../tests/conform/go.sh" \
        "${GO:-$(command -v go || echo /usr/local/go/bin/go)}" "$work")
}

kept_end() {
    mv "$work/programs" "$kept"
    rm -rf "$work"
    echo "$kept"
}
