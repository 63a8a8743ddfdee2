/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Tier `lsm`: the record lies in storage of the socket that accept() will return, so it is found by
 * the accepted descriptor alone and lives exactly as long as the connection.
 */
#include "caller.bpf.h"
#include <bpf/bpf_tracing.h>

#define EACCES 13 /* macros are not in BTF */

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

/* Runs with both sockets locked: no more than the record is made here. */
SEC("lsm/unix_stream_connect")
int BPF_PROG(on_connect, struct sock *sock, struct sock *other, struct sock *newsk, int ret)
{
    struct vsecm_caller *caller;

    if (ret)
        return ret;
    if (!bpf_sk_storage_get(&watched, other, NULL, 0))
        return 0;
    caller = bpf_sk_storage_get(&callers, newsk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
    if (!caller || !record_caller(caller, newsk, bpf_get_current_task_btf())) {
        count(VSECM_COUNT_FAILED);
        return -EACCES;
    }
    count(VSECM_COUNT_RECORDED);
    return 0;
}
