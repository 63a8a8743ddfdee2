/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What both tiers record of the task that is in connect(), and the two maps they share.
 */
#ifndef VSECM_CALLER_BPF_H
#define VSECM_CALLER_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "counts.bpf.h"
#include "kernel_abi.h"

/*
 * The names of a cgroup, by its id. Written here when a cgroup is seen for the first time; read by
 * the daemon. A cgroup2 cgroup is never renamed or moved and its id never comes back, so an entry
 * cannot become wrong. When the map is full the cgroup unused for longest is forgotten: recorded
 * again at its next connect, and a connection whose names went before they were read is refused.
 */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 2048);
    __type(key, __u64);
    __type(value, struct vsecm_chain);
} chains SEC(".maps");

/*
 * Where a chain is put together: it is larger than the stack, and a per-CPU buffer would not do,
 * for these hooks can be preempted and another task's names would mix with ours. A socket in
 * connect() belongs to one task alone. Bounded by the sockets; empty but for the moment of use.
 */
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct vsecm_chain);
} drafts SEC(".maps");

/* One more byte than the field holds is looked at: a name that just fits is not truncated. */
static __always_inline void read_name(struct vsecm_chain *chain, __u32 i,
                                      const struct cgroup *cgroup)
{
    const char *name = BPF_CORE_READ(cgroup, kn, name);
    long n = bpf_probe_read_kernel_str(chain->name[i], VSECM_CGROUP_NAME, name);
    char next = 0;

    if (n == VSECM_CGROUP_NAME)
        bpf_probe_read_kernel(&next, sizeof(next), name + VSECM_CGROUP_NAME - 1);
    if (n <= 1 || next)
        chain->truncated |= 1u << i;
}

/* From the root down: what lies too deep is cut off at the leaf, where nothing is matched. */
static __always_inline void read_chain(struct vsecm_chain *chain, const struct cgroup *cgroup)
{
    const struct cgroup *ancestor;

    chain->depth = (__u32)BPF_CORE_READ(cgroup, level);
    for (__u32 i = 0; i < VSECM_CHAIN_LEVELS && i < chain->depth; i++) {
        if (bpf_core_read(&ancestor, sizeof(ancestor), &cgroup->ancestors[0] + i + 1))
            ancestor = NULL; /* its name cannot be read: marked */
        chain->id[i] = BPF_CORE_READ(ancestor, kn, id);
        read_name(chain, i, ancestor);
    }
}

/* SK is the socket in whose storage the draft is kept. False: the names are not in the map. */
static __always_inline bool record_chain(void *sk, const struct cgroup *cgroup, __u64 id)
{
    struct vsecm_chain *draft;
    bool stored;

    if (bpf_map_lookup_elem(&chains, &id))
        return true;
    draft = bpf_sk_storage_get(&drafts, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
    if (!draft)
        return false;
    read_chain(draft, cgroup);
    stored = bpf_map_update_elem(&chains, &id, draft, BPF_ANY) == 0;
    bpf_sk_storage_delete(&drafts, sk);
    return stored;
}

/*
 * Fill CALLER from TASK, the current one. The cgroup is read once, so id and names belong together
 * even if the task is moved meanwhile. False: there is no complete record; CALLER is void.
 */
static __always_inline bool record_caller(struct vsecm_caller *caller, void *sk,
                                          const struct task_struct *task)
{
    const struct cgroup *cgroup = task->cgroups->dfl_cgrp;
    __u64 id = cgroup->kn->id;

    if (!id || !record_chain(sk, cgroup, id))
        return false;
    caller->cgroup_id = id;
    caller->start_boottime = task->group_leader->start_boottime;
    caller->pid = (__u32)task->tgid;
    caller->uid = task->cred->euid.val;
    caller->reserved = 0;
    caller->abi = VSECM_ABI_VERSION;
    return true;
}

#endif
