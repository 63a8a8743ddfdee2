/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the guards have in common: who owns what, who is the daemon, and how something is denied.
 *
 * A handler looks first for the label that makes it its business, since it runs for everybody on
 * the node; with no label it lets pass. Maps are weak: each module declares them, and linking makes
 * one of each.
 */
#ifndef VSECM_GUARD_BPF_H
#define VSECM_GUARD_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "counts.bpf.h"
#include "kernel_abi.h"

#define EPERM 1 /* macros are not in BTF */
#define EAGAIN 11
#define EACCES 13

/*
 * Sockets that connected to us, shared pages, secret files: whose they are. Labelled in connect()
 * or by the daemon; a label lives as long as the inode does.
 */
struct {
    __uint(type, BPF_MAP_TYPE_INODE_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct vsecm_domain);
} owned __weak SEC(".maps");

/*
 * What a cgroup is part of, as the daemon found out; until then, or when it is forgotten, a cgroup
 * is its own domain, which is stricter.
 */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 4096);
    __type(key, __u64);
    __type(value, struct vsecm_domain);
} domains __weak SEC(".maps");

/* The daemon, by its thread group's leader. */
struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, __u32);
} cores __weak SEC(".maps");

/* Denials by hook and reason; only ever added to, read by the daemon. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, VSECM_HOOKS *VSECM_WHYS);
    __type(key, __u32);
    __type(value, __u64);
} denials __weak SEC(".maps");

/* The same denials one by one, for the audit trail. What finds no room is counted as lost. */
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, VSECM_RING_BYTES);
} events __weak SEC(".maps");

static __always_inline void tell(__u32 hook, __u32 why, __u64 object, __u32 target)
{
    const struct task_struct *task = bpf_get_current_task_btf();
    struct vsecm_denial *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

    if (!event) {
        count(VSECM_COUNT_LOST);
        return;
    }
    event->boottime = bpf_ktime_get_boot_ns();
    event->cgroup_id = bpf_get_current_cgroup_id();
    event->object = object;
    event->hook = hook;
    event->why = why;
    event->pid = (__u32)task->tgid;
    event->uid = task->cred->euid.val;
    event->target = target;
    event->reserved = 0;
    bpf_get_current_comm(event->command, sizeof(event->command));
    bpf_ringbuf_submit(event, 0);
}

/* CODE is the errno to refuse with, positive. */
static __always_inline int deny(__u32 hook, __u32 why, __u64 object, __u32 target, int code)
{
    counts_add(&denials, hook * VSECM_WHYS + why);
    tell(hook, why, object, target);
    return -code;
}

static __always_inline bool is_core(void)
{
    struct task_struct *task = bpf_get_current_task_btf();

    return bpf_task_storage_get(&cores, task->group_leader, NULL, 0) != NULL;
}

/* Whether the current task is in OWNER's domain, in it or below it. */
static __always_inline bool is_owner(const struct vsecm_domain *owner)
{
    __u64 id = owner->cgroup_id;
    const struct vsecm_domain *whole = bpf_map_lookup_elem(&domains, &id);

    if (!whole)
        whole = owner;
    return bpf_get_current_ancestor_cgroup_id((int)whole->level) == whole->cgroup_id;
}

/* Whether the cgroup of the current task, or one above it, is a key of MAP. */
static __always_inline bool is_below(void *map)
{
    for (int level = 1; level <= (int)VSECM_CHAIN_LEVELS; level++) {
        __u64 id = bpf_get_current_ancestor_cgroup_id(level);

        if (!id)
            return false;
        if (bpf_map_lookup_elem(map, &id))
            return true;
    }
    return false;
}

#endif
