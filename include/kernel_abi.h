/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the BPF programs and the daemon say to each other. Both sides compile this file, and the
 * assertions below hold on both: a layout that differs is a build error, not a wrong identity.
 */
#ifndef VSECM_KERNEL_ABI_H
#define VSECM_KERNEL_ABI_H

#ifdef __bpf__
#include "vmlinux.h"
typedef __u32 vsecm_u32;
typedef __u64 vsecm_u64;
#else
#include <stdint.h>
typedef uint32_t vsecm_u32;
typedef uint64_t vsecm_u64;
#endif

/* Raised whenever a struct below changes; pinned objects of another version are never reused. */
#define VSECM_ABI_VERSION 1u

/*
 * How many levels of a cgroup chain are read, counted from the root down. The deepest anchored
 * match is: four levels of a nested kubelet's root, the kubepods slice, QoS, pod, container = 8;
 * two more let a nested root be deeper. What lies below the container is never needed.
 */
#define VSECM_CHAIN_LEVELS 10u

/*
 * Bytes kept of one cgroup's name, with its final NUL. The longest name that matters is a nested
 * kubelet's "<root>-burstable-pod<uid>.slice" (about 100); a longer one is marked, never matched.
 */
#define VSECM_CGROUP_NAME 128u

/* Who called connect(), as the kernel saw it in that very call. */
struct vsecm_caller {
    vsecm_u64 cgroup_id;      /* of the caller's cgroup (cgroup2); never used twice by a kernel */
    vsecm_u64 start_boottime; /* ns since boot at which the caller's process started */
    vsecm_u32 pid;            /* thread group id, in the initial pid namespace */
    vsecm_u32 uid;            /* effective uid, in the initial user namespace */
    vsecm_u32 abi;            /* VSECM_ABI_VERSION; 0 means that nothing was recorded */
    vsecm_u32 reserved;
};

/* The names of a cgroup and its ancestors. name[0] is the child of the root. */
struct vsecm_chain {
    vsecm_u32 depth;     /* levels below the root; the root itself is 0. May exceed CHAIN_LEVELS */
    vsecm_u32 truncated; /* bit i: name[i] is longer than its field, so it names nothing */
    char name[VSECM_CHAIN_LEVELS][VSECM_CGROUP_NAME];
};

/* Counters that the programs keep, by index. */
#define VSECM_COUNT_RECORDED 0u
#define VSECM_COUNT_FAILED 1u
#define VSECM_COUNTS 2u

/* The getsockopt() call that hands out the caller of an accepted socket (cgroup tier). */
#define VSECM_SOL 0x5ec
#define VSECM_SO_CALLER 1

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct vsecm_caller) == 32, "kernel ABI: caller");
_Static_assert(sizeof(struct vsecm_chain) == 8 + VSECM_CHAIN_LEVELS * VSECM_CGROUP_NAME,
               "kernel ABI: chain");
#endif

#endif
