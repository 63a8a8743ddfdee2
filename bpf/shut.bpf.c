/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * While guards are loaded for the first time: nobody at all gets a descriptor of a map, program or
 * link by its number. It has no map, so that there is nothing of its own to be had first.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EAGAIN 11 /* macros are not in BTF */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/bpf")
int BPF_PROG(on_any, int cmd)
{
    switch (cmd) {
    case BPF_PROG_GET_FD_BY_ID:
    case BPF_MAP_GET_FD_BY_ID:
    case BPF_LINK_GET_FD_BY_ID: return -EAGAIN;
    default: return 0;
    }
}
