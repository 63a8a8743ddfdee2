#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# story.sh TIER [BIN_DIR]
#
# The main job, shown and checked: vsecmd with attestation TIER, two cgroups shaped like real pods, each
# gets its own secret. Ends with status 1 at the first thing that is not as it should be. Runs in any
# POSIX shell, busybox's too, so that a guest can tell the same story.
set -eu

tier=$1
bin=${2:-$(dirname "$(command -v vsecmd)")}
dir=$(mktemp -d /tmp/vsecm-story-XXXXXX)
chmod 755 "$dir"
root=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
made=""
daemon=""
program=""

# A cgroup below the root, one level at a time, so that those made here can be taken away again.
cgroup() { # PATH
    at=$root
    for name in $(echo "$1" | tr / ' '); do
        at=$at/$name
        [ -d "$at" ] || { mkdir "$at" && made="$at $made"; }
    done
}

finish() {
    status=$?
    [ -z "$program" ] || { kill "$program" 2> /dev/null && wait "$program" 2> /dev/null || true; }
    [ -z "$daemon" ] || { kill "$daemon" 2> /dev/null && wait "$daemon" 2> /dev/null || true; }
    for at in $made; do
        for _ in 1 2 3 4 5; do
            rmdir "$at" 2> /dev/null && break
            sleep 1
        done
    done
    # The daemon leaves the tmpfs that it mounted, for the next one.
    umount "$dir/state" 2> /dev/null || true
    # What the kernel guards ends a moment after its daemon.
    rm -rf "$dir" 2> /dev/null || { sleep 2 && rm -rf "$dir"; }
    exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM

title() { printf '\n== %s\n' "$1"; }

fail() {
    echo "NOT AS IT SHOULD BE: $*"
    cat "$dir/log"
    exit 1
}

# Show a command and what it says; SHOWN is that, for a check.
show() { # WHERE COMMAND...
    where=$1
    shift
    echo "[$where] \$ $*" | sed "s|$bin/||; s|$dir/pub|/run/vsecm|; s|$dir/priv|/run/vsecmd|"
    case $where in
    web) inside=$web ;;
    db) inside=$db ;;
    *) inside="" ;;
    esac
    if [ -n "$inside" ]; then
        shown=$(sh -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$root$inside" "$@" 2>&1) || true
    else
        shown=$("$@" 2>&1) || true
    fi
    echo "$shown" | cut -c 1-150 | sed 's/^/    /'
}

expect() { # TEXT
    case $shown in
    *"$1"*) ;;
    *) fail "expected '$1'" ;;
    esac
}

expect_not() { # TEXT
    case $shown in
    *"$1"*) fail "'$1' must not be seen here" ;;
    esac
}

uid_web=11111111-2222-3333-4444-555555555555
uid_db=66666666-7777-8888-9999-000000000000
id_web=$(printf 'a%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
id_web=$id_web$id_web$id_web$id_web
id_db=$(echo "$id_web" | tr a b)
web=/kubepods/burstable/pod$uid_web/$id_web
db=/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod$(echo $uid_db | tr - _).slice
db=$db/cri-containerd-$id_db.scope

cat > "$dir/identities" << END
pod $uid_web namespace=shop service-account=web pod=web-0
pod $uid_db  namespace=shop service-account=db  pod=db-0
END
cat > "$dir/conf" << END
socket_dir = $dir/pub
private_dir = $dir/priv
pin_dir = none
state_dir = $dir/state
identities = $dir/identities
audit = $dir/audit
attest = $tier
END

start() {
    : > "$dir/log"
    "$bin/vsecmd" --config "$dir/conf" 2> "$dir/log" &
    daemon=$!
    for _ in $(seq 100); do
        grep -q ready: "$dir/log" || { kill -0 $daemon 2> /dev/null || break; sleep 0.1; }
    done
    grep -q ready: "$dir/log" || fail "the daemon did not start"
}

title "The daemon starts, on kernel $(uname -r)"
start
sed "s/^[^ ]* [a-z]* */    /; s|$dir/pub|/run/vsecm|" "$dir/log"

title "Two cgroups, shaped like pods of two kubelets (cgroupfs and systemd driver)"
cgroup "$web"
cgroup "$db"
echo "    web: ...$(echo "$web" | cut -c 20-80)..."
echo "    db:  ...$(echo "$db" | cut -c 43-104)..."

title "The host's root stores a secret for each, from standard input"
printf 'the password of web' | "$bin/vsecm" --socket "$dir/priv/admin.sock" put shop/web
printf '{"user":"admin","password":"of db"}' | "$bin/vsecm" --socket "$dir/priv/admin.sock" put shop/db

public="$dir/pub/vsecm.sock"
title "Each pod gets its own, by curl and by the command; there is no way to ask for another's"
show web curl -sS --unix-socket "$public" http://vsecm/workload/v1/secrets
expect '"data":"the password of web"'
show db "$bin/vsecm" --socket "$public" get password
expect 'of db'
expect_not 'of web'
show db "$bin/vsecm" --socket "$public" whoami
expect 'db-0'
[ "$tier" = auto ] || expect "$tier"

title "A caller in no pod is refused, and so is a pod that would administer"
show host curl -sS --unix-socket "$public" http://vsecm/workload/v1/secrets
expect '"error":"forbidden"'
show web curl -sS --unix-socket "$public" http://vsecm/sentinel/v1/secrets
expect '"error":"forbidden"'
show web "$bin/vsecm" --socket "$dir/priv/admin.sock" list
expect 'may use the private socket'

title "A program runs with the password in its environment"
sh -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$root$web" "$bin/vsecm" --socket "$public" exec \
    --env-name PASSWORD -- sh -c 'echo "started with $PASSWORD"; exec sleep 1000' > "$dir/program" &
program=$!
has_started() { # TIMES
    for _ in $(seq 100); do
        [ "$(grep -c started "$dir/program")" -ge "$1" ] && return
        sleep 0.1
    done
}
has_started 1
show host cat "$dir/program"
expect "started with the password of web"

title "A change at run time is seen by the next read"
printf 'the NEW password of web' | "$bin/vsecm" --socket "$dir/priv/admin.sock" put shop/web
show web "$bin/vsecm" --socket "$public" get
expect 'the NEW password of web'

title "The program was started anew with it, by nobody's doing"
has_started 2
show host cat "$dir/program"
expect "started with the NEW password of web"

title "The daemon is killed; the next one has it all, and nobody had to unlock anything"
kill -9 $daemon
wait $daemon 2> /dev/null || true
start
show web "$bin/vsecm" --socket "$public" get
expect 'the NEW password of web'
show host "$bin/vsecm" --socket "$dir/priv/admin.sock" history shop/web
expect 'past'
show host grep -c 'password of' "$dir/state/records.log"
expect '0'

title "Each decision has its record"
for file in "$dir"/audit/*; do
    tr -d '\0' < "$file"
done | sed -n 's/"container":"[^"]*",//; s/"time":"[^"]*",//; /"op":"\(get\|list\|member\)"/s/^/    /p' > "$dir/shown"
cat "$dir/shown"
shown=$(cat "$dir/shown")
expect '"workload":"web"'
expect '"outcome":"deny"'
expect_not 'password of'
