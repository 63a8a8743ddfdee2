/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * A connection, a shared page, a secret file stays with its pod, whatever its descriptor comes by:
 * SCM_RIGHTS, pidfd_getfd(), /proc/PID/fd, inheritance.
 */
#include "guard.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int refuse_foreign(__u32 hook, struct inode *inode)
{
    const struct vsecm_domain *owner = bpf_inode_storage_get(&owned, inode, NULL, 0);

    if (!owner || is_owner(owner) || is_core())
        return 0;
    return deny(hook, VSECM_WHY_FOREIGN, owner->cgroup_id, 0, EACCES);
}

SEC("lsm/file_receive")
int BPF_PROG(on_receive, struct file *file, int ret)
{
    return ret ? ret : refuse_foreign(VSECM_HOOK_RECEIVE, file->f_inode);
}

SEC("lsm/file_open")
int BPF_PROG(on_open, struct file *file, int ret)
{
    return ret ? ret : refuse_foreign(VSECM_HOOK_OPEN, file->f_inode);
}

/*
 * Memory without a file has FILE NULL. Older verifiers do not believe it and drop the test of it;
 * newer ones ask for that test.
 */
SEC("lsm/mmap_file")
int BPF_PROG(on_mmap, struct file *file, unsigned long reqprot, unsigned long prot,
             unsigned long flags, int ret)
{
    __u64 address = 0;

    if (ret)
        return ret;
    if (!file || bpf_probe_read_kernel(&address, sizeof(address), ctx) || !address)
        return 0;
    return refuse_foreign(VSECM_HOOK_MMAP, file->f_inode);
}
