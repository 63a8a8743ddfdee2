/* SPDX-License-Identifier: BSD-2-Clause */
/* What each tier needs from the node, and what to do about what is missing. */
#ifndef VSECM_KERNEL_PROBE_H
#define VSECM_KERNEL_PROBE_H

#include "kernel/attest.h"

/*
 * Check every prerequisite of TIER (ATTEST_LSM or ATTEST_CGROUP). 0, or -EOPNOTSUPP with
 * each that is missing appended to *error, which is not NULL, on one line. Meeting all of them is
 * necessary, not sufficient.
 */
int probe_tier(enum attest_tier tier, const struct attest_options *options, struct error *error);

#endif
