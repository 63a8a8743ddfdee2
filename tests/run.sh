#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh [BUILD_DIR [SUITE...]]
#
# Run every suite, or those named, and count what they print: `ok - test`, `not ok - test`,
# `skip - test: reason`. A suite that says nothing, or fails without saying what, counts as one
# failure. Two lanes run side by side: what looks at the machine's kernel and clocks goes one after
# the other in the first, what only computes in the second. Beside them, with what they leave of the
# processors, a third builds what a cluster consists of; once built, that is kept. All output is kept in
# BUILD_DIR/check/.
set -u
cd "$(dirname "$0")/.."
unset MAKEFLAGS MFLAGS MAKELEVEL

build=${1:-build}
shift $(($# > 0))
logs=$build/check
asan="O=$build/asan SANITIZE=address,undefined"

# LANE NAME COMMAND. Lane 0 comes first, alone: the others use what it builds. Faults are injected where a
# sanitizer looks on, and nowhere else: nothing in them depends on how memory is laid out.
suites=(
    "0 gcc          built make -j2 O=$build CC=gcc all unit-programs"
    "0 asan         built make -j2 $asan all unit-programs"
    "1 unit         make O=$build check-unit"
    "1 system       make O=$build check-system"
    "1 sdk          make O=$build check-sdk"
    "1 sync         make O=$build check-sync"
    "1 asan-unit    make $asan check-unit"
    "1 asan-system  make $asan check-system"
    "1 kube         make O=$build check-kube"
    "2 clang        built make O=$build/clang CC=clang all unit-programs"
    "2 lint         make O=$build check-lint"
    "2 cost         make O=$build check-cost"
    "2 conform      make O=$build check-conform"
    "2 coverage     make O=$build coverage-template"
    "2 fuzz         make O=$build fuzz-smoke"
    "2 vm           make O=$build check-vm"
    "2 guest        make O=$build check-guest"
    "2 asan-fault   make $asan check-fault"
    "3 kube-parts   make kube-parts"
)

# A compiler that has something to say is a failure even where it is not an error.
built() {
    local said
    if said=$("$@" 2>&1 > /dev/null) && [ -z "$said" ]; then
        echo "ok - builds without a warning: $*"
    else
        echo "$said"
        echo "not ok - builds without a warning: $*"
    fi
}

count() { # WHAT FILE...
    cat "${@:2}" | grep -c "^$1 " || true
}

run_suite() { # NAME COMMAND...
    local name=$1 log=$logs/$1.log start=$SECONDS status busy TIMEFORMAT='%U %S'
    shift
    busy=$({ time "$@" > "$log" 2>&1; } 2>&1)
    status=$?
    if ! grep -qE '^(ok|not ok|skip) ' "$log"; then
        echo "not ok - $name: printed no result (status $status)" >> "$log"
    elif [ $status -ne 0 ] && ! grep -q '^not ok ' "$log"; then
        echo "not ok - $name: ended with status $status" >> "$log"
    fi
    printf '%-12s %4d passed %3d failed %3d skipped %4d s, busy %4.0f s\n' "$name" \
        "$(count ok "$log")" "$(count 'not ok' "$log")" "$(count skip "$log")" \
        $((SECONDS - start)) "$(awk '{ print $1 + $2 }' <<< "$busy")"
    if grep -q '^not ok ' "$log"; then
        echo "  $log:" && grep -vE '^(ok|skip) |^  [A-Z]+ ' "$log" | tail -n 60 | sed 's/^/  /'
    else
        sed -n 's/^skip /  skip /p' "$log"
    fi
}

run_lane() { # LANE SUITE...
    local lane=$1 number name command
    shift
    for suite in "${suites[@]}"; do
        read -r number name command <<< "$suite"
        [ "$number" = "$lane" ] || continue
        [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
        # shellcheck disable=SC2086
        run_suite "$name" $command
    done
}

for name in "$@"; do
    [[ $(printf '%s\n' "${suites[@]}") =~ [0-9]\ $name\  ]] || { echo "no suite $name"; exit 2; }
done
rm -rf "$logs"
mkdir -p "$logs"
run_lane 0 "$@"
run_lane 1 "$@" &
run_lane 2 "$@" &
run_lane 3 "$@" &
wait

# Once more at the end, where whoever looks for them looks first.
grep -h '^not ok ' "$logs"/*.log
passed=$(count ok "$logs"/*.log) failed=$(count 'not ok' "$logs"/*.log)
skipped=$(count skip "$logs"/*.log)
echo "$passed passed, $failed failed$( ((skipped)) && echo ", $skipped skipped")"
[ "$failed" -eq 0 ]
