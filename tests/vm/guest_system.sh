#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# guest_system.sh TIER GUARDS THEME...: the system tests in a guest, with attestation TIER.
set -eu

export VSECM_ATTEST="$1" VSECM_GUARDS="$2" VSECM_ROUNDS=700
shift 2
exec python3 /system/run.py /bin "$@"
