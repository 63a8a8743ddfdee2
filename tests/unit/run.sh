#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh PROGRAM...
#
# Run each unit test program and print its results as one list: `ok - NAME: test`, `not ok - ...`
# or `skip - NAME: test: reason`. All that it says is kept in PROGRAM.log; of a program that fails
# it is shown too.
set -u

declare -A arguments=([kernel_attest]=cgroup)
status=0

for program in "$@"; do
    name=${program##*/} name=${name%_test}
    timeout -k 5 "${UNIT_SECONDS:-120}" "$program" ${arguments[$name]:-} > "$program.log" 2>&1
    result=$?
    sed -nE "s/^ok [0-9]* ?- (.*) # SKIP (.*)/skip - $name: \1: \2/p; t
             s/^1\.\.0 # SKIP (.*)/skip - $name: \1/p; t
             s/^(not )?ok [0-9]* ?- (.*)/\1ok - $name: \2/p" "$program.log"
    [ $result -eq 0 ] && continue
    status=1
    sed 's/^/# /' "$program.log"
    grep -q '^not ok ' "$program.log" || echo "not ok - $name: ended with status $result"
done
exit $status
