#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check.sh BUILD_DIR [ATTACK...]
#
# The attacks, the floods and the siege, or those whose name has one of the words (flood, siege: these), with the daemon in BUILD_DIR,
# in a guest for each kernel. Prints `ok - attack ...`, `not ok - ...` or `skip - ...`; what a guest says is kept in
# BUILD_DIR/guest/<kernel>.log, and BUILD_DIR/guest/attacks.md is the table of what came of them.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=$1 status=0
kernels=${VM_DIR:-$build/vm}
daemon=$build/vsecmd
shift
mkdir -p "$build/guest" "$kernels"

run() { # KERNEL ATTACK...
    local log=$build/guest/$1.log result
    "$here/../vm/run.sh" -t 900 -o "$kernels" -a secretmem.enable=1 -f "$daemon" \
        -f "$daemon=/bin/vsecmd-next" -f "$build/vsecm" -f "$build/test/attack" "$1" "$here/in_guest.sh" "$@" \
        > "$log" 2>&1
    result=$?
    grep -E '^(ok|not ok|skip) - |^# [0-9]+ (attacks|s )' "$log"
    [ $result -eq 0 ] && return
    grep -E '^#' "$log"
    grep -q '^not ok ' "$log" || { tail -n 30 "$log"; echo "not ok - guest $1: ended with status $result"; }
    return 1
}

table() { # KERNEL
    printf '\n## Kernel %s\n\n' "$1"
    echo '| attack | what is attacked | as nobody | control | as root | control | control is |'
    echo '|---|---|---|---|---|---|---|'
    sed -n 's/^row|\(.*\)/| \1 |/p' "$build/guest/$1.log" | sed 's/|/ | /g; s/^ | */| /; s/ *|  *|$/ |/'
}

# Side by side: each guest takes one processor.
run 6.1 "$@" > "$build/guest/6.1.told" &
run 6.12 "$@" || status=1
wait $! || status=1
cat "$build/guest/6.1.told"
{
    echo '# Attacks'
    table 6.1
    table 6.12
} > "$build/guest/attacks.md"
exit $status
