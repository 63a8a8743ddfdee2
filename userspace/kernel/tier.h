/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two tiers have in common, seen only inside kernel/. A tier loads its programs, keeps the
 * descriptors that are needed from then on, and knows how a caller is looked up.
 */
#ifndef VSECM_KERNEL_TIER_H
#define VSECM_KERNEL_TIER_H

#include <stdint.h>

#include "kernel/guard_state.h"
#include "kernel_abi.h"

struct attest;
struct error;

#define TIER_LINKS 2

#define TIER_INITIAL_PIDNS                                                \
    0xEFFFFFFCu /* inode of the initial pid namespace (PROC_PID_INIT_INO) \
                 */

struct tier {
    const char *name;
    /* Load and attach; fill ATTEST's descriptors. 0, or -errno with *error; what was opened by then
     * stays in ATTEST, whose owner closes it. */
    int (*open)(struct attest *attest, struct error *error);
    /* LISTENER has been checked to be one. 0 or -errno. */
    int (*watch)(const struct attest *attest, int listener);
    /* 0, -ENODATA or -errno. *ret may be touched in any case. */
    int (*caller)(const struct attest *attest, int accepted, struct vsecm_caller *ret);
};

/* Descriptors are -1 while not open. */
struct attest {
    const struct tier *tier;
    char *canary_dir;
    int cgroup_root;       /* directory of the cgroup2 root */
    int links[TIER_LINKS]; /* closing one detaches its program */
    int chains;            /* maps, as bpf/caller.bpf.h and the tier's program describe them */
    int counts;
    int watched; /* lsm only */
    int callers; /* lsm only */
    unsigned cpus;
    uint64_t *per_cpu; /* room for one counter on each of CPUS */
    uint64_t refused;
    struct guards guards;
    struct vsecm_process self; /* and the process, which is ours */
    struct vsecm_chain own;    /* of our own cgroup, as the last canary found it */
};

/* Entry WHICH of MAP, an array of counters that each processor has one of: their sum. */
uint64_t attest_count(const struct attest *attest, int map, uint32_t which);

extern const struct tier tier_lsm;
extern const struct tier tier_cgroup;

#endif
