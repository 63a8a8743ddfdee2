/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Counters: only ever added to here, read by the daemon. */
#ifndef VSECM_COUNTS_BPF_H
#define VSECM_COUNTS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "kernel_abi.h"

/* By VSECM_COUNT_*. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, VSECM_COUNTS);
    __type(key, __u32);
    __type(value, __u64);
} counts __weak SEC(".maps");

static __always_inline void counts_add(void *map, __u32 which)
{
    __u64 *n = bpf_map_lookup_elem(map, &which);

    if (n)
        __sync_fetch_and_add(n, 1); /* per CPU, yet preemptible */
}

static __always_inline void count(__u32 which)
{
    counts_add(&counts, which);
}

#endif
