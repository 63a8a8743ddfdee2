#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check.sh DIR KERNEL_ATTEST_TEST PROGRAM_DIR
#
# Run the attestation test, those of guards, and the main job with the programs in PROGRAM_DIR, in
# guests: each tier on each kernel that has it, and without `bpf` in lsm=, where it must refuse and
# say why. Prints `ok - GUEST: test`, `not ok - ...` or `skip - ...`;
# all that a guest says is kept in DIR/<guest>.log.
set -u

run=$(dirname "$0")/run.sh dir=$1 program=$2 programs=$3 status=0
story=$(dirname "$0")/../../hack/story.sh
mkdir -p "$dir"

guest() { # NAME RUN_OPTION... VERSION PROGRAM ARGUMENT...
    local name=$1 log result
    log=$dir/${1// /-}.log
    shift
    "$run" -o "$dir" "$@" > "$log" 2>&1
    result=$?
    sed -nE "s/^ok [0-9]* ?- (.*) # SKIP (.*)/skip - $name: \1: \2/p; t
             s/^(not )?ok [0-9]* ?- (.*)/\1ok - $name: \2/p" "$log"
    [ $result -eq 0 ] && return
    status=1
    sed 's/^/# /' "$log"
    grep -q '^not ok ' "$log" || echo "not ok - $name: ended with status $result"
}

# Guards by themselves; starts are killed at some of the instants only, each takes seconds here.
guards() { # VERSION
    local pins=/sys/fs/bpf/vsecm test=$programs/test
    guest "$1 guards" "$1" "$test/kernel_guard_test" $pins
    guest "$1 guards of paths" "$1" "$test/kernel_guard_path_test" $pins
    guest "$1 ways around guards" "$1" "$test/kernel_bypass_test" $pins
    guest "$1 pins" -a VSECM_KILL_EVERY=8 "$1" "$test/kernel_pins_test"
    guest "$1 takeover" -a VSECM_KILLS=4 "$1" "$test/kernel_takeover_test"
}

# The story of hack/story.sh on kernel VERSION, told (WORD: told) or refused at the start for WORD.
job() { # NAME WORD RUN_OPTION... VERSION TIER
    local name=$1 word=$2 log=$dir/${1// /-}.log tier=${*: -1}
    shift 2
    "$run" -o "$dir" -f "$programs/vsecmd" -f "$programs/vsecm" -f "$(command -v curl)" \
        "${@:1:$#-1}" "$story" "$tier" /bin > "$log" 2>&1
    local result=$?
    if { [ "$word" = told ] && [ $result -eq 0 ]; } ||
        { [ $result -eq 1 ] && grep -qF "$word" "$log" && ! grep -q '"data"' "$log"; }; then
        echo "ok - $name"
    else
        status=1
        sed 's/^/# /' "$log"
        echo "not ok - $name (status $result)"
    fi
}

on_6_1() {
    job "6.1 lsm: each pod gets its own secret" told 6.1 lsm
    job "6.1 auto without bpf: nothing is served, and it says why" 'kernel older than 6.7' \
        -a lsm=capability 6.1 auto
    guards 6.1
    guest "6.1 lsm" 6.1 "$program" lsm
    guest "6.1 auto without bpf" -a lsm=capability 6.1 "$program" \
        missing auto 'lsm: no `bpf`' 'cgroup: kernel older than 6.7'
    return $status
}

on_6_12() {
    job "6.12 lsm: each pod gets its own secret" told 6.12 lsm
    job "6.12 cgroup: each pod gets its own secret" told 6.12 cgroup
    job "6.12 lsm without bpf: nothing is served, and it says why" 'no `bpf`' \
        -a lsm=capability 6.12 lsm
    guards 6.12
    guest "6.12 lsm" 6.12 "$program" lsm
    guest "6.12 cgroup" 6.12 "$program" cgroup
    guest "6.12 auto without bpf" -a lsm=capability 6.12 "$program" auto canary
    guest "6.12 lsm without bpf" -a lsm=capability 6.12 "$program" missing lsm 'no `bpf`'
    return $status
}

# One guest of each kernel at a time; what they need is fetched before.
"$(dirname "$0")/kernels.sh" "$dir" > /dev/null || exit 1
on_6_1 &
on_6_12 || status=1
wait $! || status=1
exit $status
