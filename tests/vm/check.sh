#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# check.sh DIR KERNEL_ATTEST_TEST
#
# Run the attestation test in guests: each tier on each kernel that has it, and without `bpf` in
# lsm=, where it must refuse and say why. Prints `ok - GUEST: test`, `not ok - ...` or `skip - ...`;
# all that a guest says is kept in DIR/<guest>.log.
set -u

run=$(dirname "$0")/run.sh dir=$1 program=$2 status=0
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

guest "6.1 lsm" 6.1 "$program" lsm
guest "6.12 lsm" 6.12 "$program" lsm
guest "6.12 cgroup" 6.12 "$program" cgroup
guest "6.12 auto without bpf" -a lsm=capability 6.12 "$program" auto canary
guest "6.12 lsm without bpf" -a lsm=capability 6.12 "$program" missing lsm 'no `bpf`'
guest "6.1 auto without bpf" -a lsm=capability 6.1 "$program" \
    missing auto 'lsm: no `bpf`' 'cgroup: kernel older than 6.7'
exit $status
