#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# demo.sh BUILD_DIR: the main job on this machine's kernel, then in a guest whose kernel has BPF LSM.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)

echo "######## on this machine: the best tier that its kernel has"
sh "$here/story.sh" auto "$build"

echo
echo "######## in a guest with BPF LSM (Debian's kernel under emulation; this takes some seconds)"
"$here/../tests/vm/run.sh" -o "$build/vm" -f "$build/vsecmd" -f "$build/vsecm" -f "$(command -v curl)" \
    6.12 "$here/story.sh" lsm /bin | sed -u '/^vm-exit-status: /d; /reboot: Power down$/d'

echo
echo "All was as it should be."
