#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# kernels.sh DIR [RELEASE...]
#
# Fetch the cloud kernel of each Debian release (bookworm: 6.1, trixie: 6.12) into DIR/kernel-<version>
# and print one line for each, "VERSION PATH_OF_VMLINUZ"; its modules are in the directory `modules`
# beside it. Nothing is installed: apt works in a private directory, from the machine's own Debian
# source with the release's name put in. What is there already is not fetched again.
set -euo pipefail

[ $# -ge 1 ] || { echo "usage: ${0##*/} DIR [RELEASE...]" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- bookworm trixie

# The first address of a Debian archive among the machine's own apt sources.
archive() {
    grep -rhv '^#' /etc/apt/sources.list /etc/apt/sources.list.d/ 2>/dev/null |
        grep -oE '[a-z+]+://[^ ]+/debian/?( |$)' | sort -u | sed -n '1s/ *$//p'
}

apt_in() { # APT_DIR COMMAND...
    local apt=$1
    shift
    "$1" -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State="$apt/state" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -qq "${@:2}"
}

fetch() { # RELEASE
    local apt=$dir/apt-$1 uri keyring=/usr/share/keyrings/debian-archive-keyring.gpg package
    uri=$(archive || true)
    [ -n "$uri" ] || { echo "no Debian archive among this machine's apt sources" >&2; return 1; }
    mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/unpacked"
    echo "deb [signed-by=$keyring] $uri $1 main" > "$apt/sources.list"
    apt_in "$apt" apt-get update >&2
    package=$(apt_in "$apt" apt-cache depends linux-image-cloud-amd64 |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    [ -n "$package" ] || { echo "$1 has no linux-image-cloud-amd64" >&2; return 1; }
    (cd "$apt" && apt_in "$apt" apt-get download "$package" >&2 && dpkg -x "$package"_*.deb unpacked)
    local image=("$apt"/unpacked/boot/vmlinuz-*)
    local version=${image[0]##*/vmlinuz-}
    version=$(cut -d. -f1,2 <<< "$version")
    mkdir -p "$dir/kernel-$version"
    mv "${image[0]}" "$dir/kernel-$version/vmlinuz"
    rm -rf "$dir/kernel-$version/modules"
    image=("$apt"/unpacked/{usr/,}lib/modules/*/kernel) # trixie, bookworm
    mv "$(dirname "$(ls -d "${image[@]}" 2> /dev/null)")" "$dir/kernel-$version/modules"
    echo "$version" > "$dir/$1.version.tmp"
    mv "$dir/$1.version.tmp" "$dir/$1.version" # last: its presence means that all is there
    rm -rf "$apt"
}

for release in "$@"; do
    [ -s "$dir/$release.version" ] && [ -d "$dir/kernel-$(< "$dir/$release.version")/modules" ] || fetch "$release"
    version=$(cat "$dir/$release.version")
    echo "$version $dir/kernel-$version/vmlinuz"
done
