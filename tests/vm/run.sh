#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# run.sh [-a KERNEL_ARG]... [-f FILE[=PATH]]... [-t SECONDS] [-o DIR] VERSION PROGRAM [ARGUMENT...]
#
# Boot Debian's kernel VERSION (6.1 or 6.12, see kernels.sh) in qemu without KVM, run
# PROGRAM there as root and exit with its status; 125 if the guest did not get that far.
# The guest's file system is busybox, PROGRAM as /bin/<its name>, each FILE as PATH (or /bin/<its
# name>; a directory is copied whole) and the libraries of all of them.
# -a appends to the kernel's command line, as in -a lsm=capability,yama
# -o is where kernels are kept and the guest is put together (default: build/vm)
# PROGRAM may be a shell script: busybox's sh runs it.
set -euo pipefail

fail() { echo "${0##*/}: $*" >&2; exit 125; }

here=$(cd "$(dirname "$0")" && pwd)
dir=$here/../../build/vm limit=300 append=() files=()
while getopts a:f:t:o: option; do
    case $option in
    a) append+=("$OPTARG") ;;
    f) files+=("$OPTARG") ;;
    t) limit=$OPTARG ;;
    o) dir=$OPTARG ;;
    *) exit 125 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || { sed -n '4s/^# //p' "$0" >&2; exit 125; }
version=$1 program=$2
shift 2

declare -A releases=([6.1]=bookworm [6.12]=trixie)
[ -n "${releases[$version]:-}" ] || fail "no kernel $version is known: ${!releases[*]}"
kernel=$("$here/kernels.sh" "$dir" "${releases[$version]}" | sed -n "s/^$version //p")
[ -s "$kernel" ] || fail "kernel $version is not what ${releases[$version]} has"

work=$(mktemp -d "$dir/guest.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir -p "$root/bin"

# The libraries and the loader that ldd names for each program under the guest's root.
add_libraries() {
    local file library
    find "$root" -type f -perm -u+x | while read -r file; do
        ldd "$file" 2>/dev/null | grep -oE '/[^ )]+' || true
    done | sort -u | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp -Lu "$library" "$root$library"
    done
}

add_file() { # FILE PATH_IN_GUEST
    [ -e "$1" ] || fail "$1: no such file"
    mkdir -p "$root$(dirname "$2")"
    cp -rL "$1" "$root$2"
}

add_file "$(command -v busybox)" /bin/busybox
add_file "$here/init" /init
add_file "$program" "/bin/${program##*/}"
chmod +x "$root/bin/${program##*/}"
for file in "${files[@]}"; do
    guest_path=/bin/${file##*/}
    [[ $file != *=* ]] || guest_path=${file#*=}
    add_file "${file%%=*}" "$guest_path"
done
add_libraries
printf '%q ' "${program##*/}" "$@" > "$root/job"
chmod +x "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) > "$work/initrd"

timeout "$limit" qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 2 -m 1024 -nodefaults \
    -nographic -vga none -no-reboot -serial stdio -kernel "$kernel" -initrd "$work/initrd" \
    -append "console=ttyS0 quiet panic=-1 ${append[*]}" < /dev/null 2>&1 |
    sed -u -e 's/\r//g; s/\x1b[^A-Za-z]*[A-Za-z]//g; s/^Booting from ROM\.*//; /^SeaBIOS/d' |
    tee "$work/output" || true

status=$(sed -n 's/^vm-exit-status: //p' "$work/output" | tail -n 1)
[ -n "$status" ] || fail "the guest ended without a status (limit: $limit s)"
exit "$status"
