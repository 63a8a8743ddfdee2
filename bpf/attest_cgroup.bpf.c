/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Tier `cgroup`: connect() is seen before its listener is known, so every AF_UNIX stream connect of
 * the node is recorded, under the client socket's cookie. The daemon asks for the record of a
 * socket it accepted with getsockopt(), which leads from that socket to its peer and the peer's
 * cookie.
 */
#include "caller.bpf.h"

#define AF_UNIX 1 /* macros are not in BTF */
#define SOCK_STREAM 1
#define TCP_CLOSE 7

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The daemon's pid in its own pid namespace, and that namespace's inode. Set before loading. */
const volatile __u32 daemon_pid = 0;
const volatile __u32 daemon_pidns = 0;

extern void *bpf_rdonly_cast(void *obj, __u32 btf_id) __ksym;

/* P as a kernel object whose fields can be read, and only read, without a helper call for each. */
#define readable(type, p) \
    ((const struct type *)bpf_rdonly_cast((void *)(p), bpf_core_type_id_kernel(struct type)))

/*
 * The witness is the address of the caller's struct pid. connect() pins that same struct pid in the
 * socket that accept() returns, so while both exist an equal address means an equal process.
 */
struct record {
    struct vsecm_caller caller;
    __u64 witness;
};

/*
 * By client socket cookie, which is never reused. Written at each connect, by any process of the
 * node; what is read is checked against the witness. When the map is full the oldest go: a
 * connection whose record went before the daemon asked is refused and counted, and its client tries
 * again.
 */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, __u64);
    __type(value, struct record);
} connects SEC(".maps");

static __always_inline bool record_connect(struct bpf_sock_addr *ctx, struct bpf_sock *sk)
{
    const struct task_struct *task = readable(task_struct, bpf_get_current_task());
    __u64 cookie = bpf_get_socket_cookie(ctx);
    struct record record = {.witness = (__u64)task->signal->pids[PIDTYPE_TGID]};

    if (record_caller(&record.caller, sk, task) &&
        bpf_map_update_elem(&connects, &cookie, &record, BPF_ANY) == 0)
        return true;
    /* An earlier, failed connect() of this socket may have left a record: better none than that. */
    bpf_map_delete_elem(&connects, &cookie);
    return false;
}

/* Attached as connect_unix, which libbpf's section names do not all know. Never refuses. */
SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx)
{
    struct bpf_sock *sk = ctx->sk;

    /*
     * This runs before the kernel looks at the socket's state: without the last condition, a second
     * connect() by whoever else holds the socket would replace the record before it is asked for.
     */
    if (!sk || ctx->type != SOCK_STREAM || sk->state != TCP_CLOSE)
        return 1;
    count(record_connect(ctx, sk) ? VSECM_COUNT_RECORDED : VSECM_COUNT_FAILED);
    return 1;
}

/* The daemon may be in any pid namespace; the kernel's own number of it is not known to itself. */
static __always_inline bool is_daemon(void)
{
    const struct task_struct *task = readable(task_struct, bpf_get_current_task());
    const struct pid *pid = task->signal->pids[PIDTYPE_TGID];
    struct upid self = {};

    if (bpf_core_read(&self, sizeof(self), &pid->numbers[0] + pid->level))
        return false;
    return self.nr == (int)daemon_pid && BPF_CORE_READ(self.ns, ns.inum) == daemon_pidns;
}

/*
 * Copy what is recorded under COOKIE. An entry can be given to another key while it is copied; it
 * leaves its key before that, so finding it again in its place proves the copy whole.
 */
static __always_inline bool find_record(__u64 cookie, struct record *ret)
{
    struct record *record = bpf_map_lookup_elem(&connects, &cookie);

    if (!record)
        return false;
    *ret = *record;
    barrier();
    return bpf_map_lookup_elem(&connects, &cookie) == record;
}

/* Runs in every getsockopt() of the node, so what is not for us is turned away first. */
SEC("cgroup/getsockopt")
int on_getsockopt(struct bpf_sockopt *ctx)
{
    struct vsecm_caller *reply = ctx->optval;
    struct bpf_sock *sk = ctx->sk;
    const struct unix_sock *accepted;
    struct record record;
    __u64 cookie;

    if (ctx->level != VSECM_SOL || ctx->optname != VSECM_SO_CALLER || !is_daemon())
        return 1;
    if (!sk || sk->family != AF_UNIX || (void *)(reply + 1) > ctx->optval_end)
        return 1;
    accepted = readable(unix_sock, sk);
    cookie = (__u64)accepted->peer->__sk_common.skc_cookie.counter;
    if (!cookie || !find_record(cookie, &record))
        return 1;
    if (!record.witness || record.witness != (__u64)accepted->sk.sk_peer_pid)
        return 1;
    *reply = record.caller;
    ctx->optlen = sizeof(*reply);
    barrier(); /* one store for both fields is what the verifier refuses */
    ctx->retval = 0;
    return 1;
}
