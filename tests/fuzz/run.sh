#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh SECONDS PROGRAM...
#
# Run each fuzzer for SECONDS and print `ok - NAME: inputs tried` or `not ok - NAME: where the
# input is that broke it`. What it says is kept in PROGRAM.log.
set -u

seconds=$1 status=0
shift
here=$(dirname "$0")

for program in "$@"; do
    name=${program##*/}
    found=${program%/*}/found/$name
    mkdir -p "$found"
    if "$program" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=4096 \
        -print_final_stats=1 -verbosity=1 -artifact_prefix="$found-" \
        "$found" "$here/corpus/${name#fuzz_}" > "$program.log" 2>&1; then
        echo "ok - $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$program.log") inputs"
    else
        status=1
        grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse|RELOAD)' "$program.log" | tail -n 40 | sed 's/^/# /'
        echo "not ok - $name: $(sed -n 's/.*Test unit written to //p' "$program.log" | tail -n 1)"
    fi
done
exit $status
