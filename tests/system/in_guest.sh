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
ffi=$(ldd "$stdlib"/lib-dynload/_ctypes*.so | grep -oE '/[^ ]*libffi[^ ]*') # no program, so run.sh has not looked
mkdir -p "$build/vm"

themes() { # VERSION TIER GUARDS THEME...
    local name="$1 $2 guards=$3" log=$build/vm/$1-$2-system-$3.log result
    "$here/../vm/run.sh" -t 900 -o "$build/vm" -f "$build/vsecmd" -f "$build/vsecm" \
        -f "$build/test/race=/bin/test/race" -f "$build/test/goclient=/bin/test/goclient" \
        -f "$here=/system" -f "$python" -f "$stdlib=$stdlib" -f "$ffi=$ffi" \
        -f "$(command -v curl)" -f "$(command -v setpriv)" -f "$(command -v unshare)" \
        -f "$(command -v age)" -f "$(command -v age-keygen)" -f "$(command -v strace)" \
        "$1" "$here/../vm/guest_system.sh" "${@:2}" > "$log" 2>&1
    result=$?
    sed -nE "s/^(ok|not ok|skip) - /&$name: /p" "$log"
    [ $result -eq 0 ] && return
    status=1
    sed 's/^/# /' "$log"
    grep -q '^not ok ' "$log" || echo "not ok - $name: ended with status $result"
}

# A start with guards takes seconds in a guest, so what they do not touch is tried without them.
on_6_1() {
    themes 6.1 lsm auto main:own_secret guards doctor:unload_guards exec:shield init_sidecar:guard
    themes 6.1 lsm no main races life:eager_callers
    return $status
}

on_6_12() {
    themes 6.12 lsm auto main:own_secret races guards doctor:unload_guards exec:shield init_sidecar:guard
    themes 6.12 lsm no main identity cluster admin life:eager_callers
    return $status
}

"$here/../vm/kernels.sh" "$build/vm" > /dev/null || exit 1
on_6_1 &
on_6_12 || status=1
wait $! || status=1
exit $status
