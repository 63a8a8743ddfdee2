#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# go.sh GO DIRECTORY
#
# Print the path of a Go whose templates are those that ours are held against: GO itself if it is new
# enough, else one that GO fetches as a module into DIRECTORY. (Debian's Go may be too old.)
set -euo pipefail

go=$1 directory=$2
wanted=1.26.8

version=$("$go" version | sed -n 's/.* go\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
read -r major minor <<< "$version"
if [ "$major" -gt 1 ] || [ "$minor" -ge 26 ]; then
    echo "$go"
    exit
fi

own=$directory/go-$wanted
if [ ! -x "$own/bin/go" ]; then
    machine=$("$go" env GOOS)-$("$go" env GOARCH)
    # The home of Go's own modules, as Go has it in its library.
    home=$("$go" list std | sed -n 's|^vendor/\([^/]*\)/x/.*|\1|p' | head -n 1)
    cd "$(dirname "$0")/oracle"
    "$go" mod download "$home/toolchain@v0.0.1-go$wanted.$machine"
    rm -rf "$own.new"
    cp -r "$("$go" env GOMODCACHE)/$home/toolchain@v0.0.1-go$wanted.$machine" "$own.new"
    chmod -R u+w "$own.new"
    # What comes as a module has lost its permissions.
    chmod +x "$own.new"/bin/* "$own.new"/pkg/tool/*/*
    mv "$own.new" "$own"
fi
echo "$own/bin/go"
