#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# coverage.sh BUILD_DIR [ROOM PERCENT]
#
# What share of each file's lines the tests ran, from a build with --coverage that they ran in. Of
# ROOM alone, it must be PERCENT in all.
set -euo pipefail
cd "$(dirname "$0")/../.."

for room in ${2:-base crypto kernel identity template store serve daemon client}; do
    for source in userspace/$room/*.c; do
        [ -e "$1/obj/${source%.c}.gcno" ] || continue
        gcov -n -o "$1/obj/${source%/*}" "$source" 2> /dev/null |
            awk -F"[':% ]+" -v source="$source" \
                '$1 == "File" { ours = $2 == source }
                 ours && $1 == "Lines" { print $3, $5, source; ours = 0 }'
    done
done | sort -n | awk -v room="${2:-}" -v percent="${3:-}" '
    { printf "# %6.2f %% of %4d  %s\n", $1, $2, $3; lines += $2; ran += $1 * $2 / 100 }
    END {
        share = lines ? 100 * ran / lines : 0
        if (room == "") {
            printf "# %6.2f %% of %4d  in all\n", share, lines
            exit
        }
        printf "%s - coverage: %.2f %% of %d lines of %s, at least %s %%\n",
               (share >= percent ? "ok" : "not ok"), share, lines, room, percent
        exit (share < percent)
    }'
