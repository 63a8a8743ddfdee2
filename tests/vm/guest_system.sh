#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# guest_system.sh TIER THEME...: the system tests in a guest, with attestation TIER.
set -eu

export VSECM_ATTEST="$1" VSECM_ROUNDS=1400
shift
exec python3 /system/run.py /bin "$@"
