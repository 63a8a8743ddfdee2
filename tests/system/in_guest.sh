#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# in_guest.sh BUILD_DIR
#
# The system tests whose answers depend on how callers are attested, with the programs in BUILD_DIR,
# in guests whose kernel has BPF LSM. Prints `ok - GUEST: test`, `not ok - ...` or `skip - ...`; all
# that a guest says is kept in BUILD_DIR/vm/<guest>.log.
set -u

here=$(cd "$(dirname "$0")" && pwd)
build=$1 status=0
python=/usr/bin/python3 # Debian's: its library is one folder
stdlib=$($python -c 'import os; print(os.path.dirname(os.__file__))')
mkdir -p "$build/vm"

themes() { # VERSION TIER THEME...
    local name="$1 $2 system" log=$build/vm/$1-$2-system.log result
    "$here/../vm/run.sh" -t 600 -o "$build/vm" -f "$build/vsecmd" -f "$build/vsecm" \
        -f "$build/test/race=/bin/test/race" -f "$build/test/goclient=/bin/test/goclient" -f "$here=/system" -f "$python" -f "$stdlib=$stdlib" \
        -f "$(command -v curl)" -f "$(command -v setpriv)" -f "$(command -v unshare)" \
        -f "$(command -v age)" -f "$(command -v age-keygen)" \
        "$1" "$here/../vm/guest_system.sh" "${@:2}" > "$log" 2>&1
    result=$?
    sed -nE "s/^(ok|not ok|skip) - /&$name: /p" "$log"
    [ $result -eq 0 ] && return
    status=1
    sed 's/^/# /' "$log"
    grep -q '^not ok ' "$log" || echo "not ok - $name: ended with status $result"
}

themes 6.1 lsm main cluster races
themes 6.12 lsm main identity cluster races admin
exit $status
