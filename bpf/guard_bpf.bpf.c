/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Nobody else gets a descriptor of what guards: a map could be written, a program be read. (That of
 * a link found by its path is of no use: such links can be neither detached nor changed.)
 */
#include "guard.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, VSECM_SELF);
    __type(key, struct vsecm_self);
    __type(value, __u32);
} self SEC(".maps");

/*
 * Until when, in ns since boot, nobody but the core gets any descriptor by number: while a daemon
 * starts, it has programs that `self` does not know yet.
 */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} gate SEC(".maps");

static __always_inline bool is_closed(void)
{
    __u32 zero = 0;
    const __u64 *until = bpf_map_lookup_elem(&gate, &zero);

    return until && bpf_ktime_get_boot_ns() < *until && !is_core();
}

static __always_inline int refuse_self(__u32 kind, __u32 id)
{
    struct vsecm_self key = {.kind = kind, .id = id};

    if (!bpf_map_lookup_elem(&self, &key) || is_core())
        return 0;
    return deny(VSECM_HOOK_BPF, VSECM_WHY_CORE, id, 0, EPERM);
}

SEC("lsm/bpf_map")
int BPF_PROG(on_bpf_map, struct bpf_map *map, unsigned int mode, int ret)
{
    return ret ? ret : refuse_self(VSECM_SELF_MAP, map->id);
}

SEC("lsm/bpf_prog")
int BPF_PROG(on_bpf_prog, struct bpf_prog *prog, int ret)
{
    return ret ? ret : refuse_self(VSECM_SELF_PROGRAM, prog->aux->id);
}

#define ANSWERS 6

/*
 * The kernel takes anything that is not negative from these functions for a yes, and a program that
 * is attached to one later answers before ours: BTF ids, 0 where there is none. Set before loading.
 */
const volatile __u32 answers[ANSWERS] = {0};

/* Of union bpf_attr for BPF_PROG_LOAD, whose layout is the kernel's ABI. */
struct load {
    __u32 before[17];
    __u32 expected_attach_type;
    __u32 between[9];
    __u32 attach_btf_id;
};

static __always_inline int refuse_answer(const void *attr)
{
    struct load load;

    if (bpf_probe_read_kernel(&load, sizeof(load), attr))
        return 0;
    if (load.expected_attach_type != BPF_MODIFY_RETURN && load.expected_attach_type != BPF_LSM_MAC)
        return 0;
    for (int i = 0; i < ANSWERS; i++)
        if (load.attach_btf_id && load.attach_btf_id == answers[i] && !is_core())
            return deny(VSECM_HOOK_BPF, VSECM_WHY_CORE, 0, 0, EPERM);
    return 0;
}

/* What follows SIZE differs between kernels (6.15 put `kernel` there), so nothing after it is read.
 */
SEC("lsm/bpf")
int BPF_PROG(on_bpf, int cmd, union bpf_attr *attr)
{
    __u32 id = 0;

    if (cmd == BPF_PROG_LOAD)
        return refuse_answer(attr);
    if ((cmd == BPF_PROG_GET_FD_BY_ID || cmd == BPF_MAP_GET_FD_BY_ID ||
         cmd == BPF_LINK_GET_FD_BY_ID) &&
        is_closed())
        return deny(VSECM_HOOK_BPF, VSECM_WHY_CORE, 0, 0, EAGAIN);
    if (cmd != BPF_LINK_GET_FD_BY_ID)
        return 0;
    if (bpf_probe_read_kernel(&id, sizeof(id), attr)) /* link_id, its first member */
        return 0;
    return refuse_self(VSECM_SELF_LINK, id);
}
