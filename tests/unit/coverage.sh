#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# coverage.sh BUILD_DIR
#
# What share of each file's lines the unit tests ran, from a build with --coverage that they ran in.
set -euo pipefail
cd "$(dirname "$0")/../.."

for source in userspace/{base,crypto,kernel,identity,template,store,serve,daemon,client}/*.c; do
    [ -e "$1/obj/${source%.c}.gcda" ] || continue
    gcov -n -o "$1/obj/${source%/*}" "$source" 2> /dev/null |
        awk -F"[':% ]+" -v source="$source" \
            '$1 == "File" { ours = $2 == source }
             ours && $1 == "Lines" { print $3, $5, source; ours = 0 }'
done | sort -n | awk '
    { printf "%6.2f %% of %4d  %s\n", $1, $2, $3; lines += $2; ran += $1 * $2 / 100 }
    END { printf "%6.2f %% of %4d  in all\n", 100 * ran / lines, lines }'
