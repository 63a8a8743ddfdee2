/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Tier `lsm`: the record lies in storage of the socket that accept() will return, so it is found by
 * the accepted descriptor alone and lives exactly as long as the connection.
 */
#include "caller.bpf.h"
#include "guard.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The listeners whose callers are recorded. Written by the daemon through the listener's fd. */
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, __u32);
} watched SEC(".maps");

/* Written here, read by the daemon through the accepted fd. One for each connection, no other
 * bound. */
struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct vsecm_caller);
} callers SEC(".maps");

/* Cgroups that may not connect for a while, with all below them. Written by the daemon. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, VSECM_BARS);
    __type(key, __u64);
    __type(value, __u32);
} barred SEC(".maps");

/* False (option guards = no): callers are recorded, and nothing is guarded. Set before loading. */
const volatile bool guarded = false;

/* The client's end of the connection is its cgroup's from now on. */
static __always_inline bool label(struct sock *sock, const struct task_struct *task)
{
    struct vsecm_domain *owner = bpf_inode_storage_get(&owned, sock->sk_socket->file->f_inode, NULL,
                                                       BPF_LOCAL_STORAGE_GET_F_CREATE);

    if (!owner)
        return false;
    owner->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
    owner->level = (__u32)task->cgroups->dfl_cgrp->level;
    return true;
}

/* Runs with both sockets locked: no more than the record is made here. */
SEC("lsm/unix_stream_connect")
int BPF_PROG(on_connect, struct sock *sock, struct sock *other, struct sock *newsk, int ret)
{
    const struct task_struct *task = bpf_get_current_task_btf();
    struct vsecm_caller *caller;

    if (ret)
        return ret;
    if (!bpf_sk_storage_get(&watched, other, NULL, 0))
        return 0;
    if (guarded && is_below(&barred) && !is_core())
        return deny(VSECM_HOOK_CONNECT, VSECM_WHY_BARRED, 0, 0, EACCES);
    caller = bpf_sk_storage_get(&callers, newsk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
    if (!caller || !record_caller(caller, newsk, task) || (guarded && !label(sock, task))) {
        count(VSECM_COUNT_FAILED);
        return deny(VSECM_HOOK_CONNECT, VSECM_WHY_NO_RECORD, 0, 0, EACCES);
    }
    count(VSECM_COUNT_RECORDED);
    return 0;
}
