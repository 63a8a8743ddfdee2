#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh PROGRAM...
#
# Run each unit test program and print its results as one list: `ok - NAME: test`, `not ok - ...`
# or `skip - NAME: test: reason`. All that it says is kept in PROGRAM.log; of a program that fails
# it is shown too. Most of them wait most of the time, so UNIT_JOBS (4) run at once.
set -u

declare -A arguments=([kernel_attest]=cgroup)

run_one() { # PROGRAM NAME
    timeout -k 5 "${UNIT_SECONDS:-120}" "$1" ${arguments[$2]:-} > "$1.log" 2>&1
    local result=$?
    sed -nE "s/^ok [0-9]* ?- (.*) # SKIP (.*)/skip - $2: \1: \2/p; t
             s/^1\.\.0 # SKIP (.*)/skip - $2: \1/p; t
             s/^(not )?ok [0-9]* ?- (.*)/\1ok - $2: \2/p" "$1.log"
    [ $result -eq 0 ] && return
    sed 's/^/# /' "$1.log"
    grep -q '^not ok ' "$1.log" || echo "not ok - $2: ended with status $result"
}

for program in "$@"; do
    while [ "$(jobs -rp | wc -l)" -ge "${UNIT_JOBS:-4}" ]; do wait -n; done
    name=${program##*/}
    run_one "$program" "${name%_test}" > "$program.told" &
done
wait
cat "${@/%/.told}"
! cat "${@/%/.told}" | grep -q '^not ok '
