/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Nobody looks into the daemon, or into a process that asked for a shield: no tracing, and nothing
 * of what /proc has of memory, descriptors and environment. Which process is the daemon is known by
 * the file that it locks.
 */
#include "guard.bpf.h"

#define CLONE_VM 0x100
#define F_WRLCK 1
#define RLIMIT_CORE 4

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Processes that asked, or were asked for. Written by the daemon; an entry ends with its process.
 */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, VSECM_SHIELDS);
    __type(key, struct vsecm_process);
    __type(value, __u32);
} shields SEC(".maps");

/* Those that got theirs from their parent: each thread has it, whichever of them calls exec. */
struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, __u32);
} inherited SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct vsecm_anchor);
} anchor SEC(".maps");

static __always_inline __u32 shield_of(struct task_struct *task)
{
    struct task_struct *leader = task->group_leader;
    struct vsecm_process process = {.pid = (__u32)task->tgid,
                                    .start_boottime = leader->start_boottime};
    const __u32 *asked = bpf_map_lookup_elem(&shields, &process);
    const __u32 *given = bpf_task_storage_get(&inherited, task, NULL, 0);

    /* What is for good is not made less by asking again. */
    return (asked ? *asked : 0) | (given ? *given : 0);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(on_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
    struct task_struct *leader = child->group_leader;

    if (ret)
        return ret;
    if (bpf_task_storage_get(&cores, leader, NULL, 0))
        return deny(VSECM_HOOK_PTRACE, VSECM_WHY_CORE, 0, (__u32)child->tgid, EPERM);
    if (shield_of(child))
        return deny(VSECM_HOOK_PTRACE, VSECM_WHY_SHIELDED, 0, (__u32)child->tgid, EPERM);
    return 0;
}

/* A program of its own that lets its parent in. */
SEC("lsm/ptrace_traceme")
int BPF_PROG(on_traceme, struct task_struct *parent, int ret)
{
    struct task_struct *self = bpf_get_current_task_btf();

    if (ret)
        return ret;
    if (shield_of(self))
        return deny(VSECM_HOOK_PTRACE, VSECM_WHY_SHIELDED, 0, (__u32)self->tgid, EPERM);
    return 0;
}

/* The kernel asks about no right over the memory that it writes into a core file. */
SEC("lsm/task_setrlimit")
int BPF_PROG(on_setrlimit, struct task_struct *task, unsigned int resource, struct rlimit *limit,
             int ret)
{
    const struct task_struct *self = bpf_get_current_task_btf();

    if (ret || resource != RLIMIT_CORE || task->tgid == self->tgid)
        return ret;
    if (shield_of(task))
        return deny(VSECM_HOOK_PTRACE, VSECM_WHY_SHIELDED, 0, (__u32)task->tgid, EPERM);
    return 0;
}

/*
 * Before anybody can see the child. Its memory is a copy of its parent's, which is shielded by
 * choice; or it is its parent's, as after vfork(), and that was to be shielded.
 */
SEC("lsm/task_alloc")
int BPF_PROG(on_fork, struct task_struct *child, unsigned long clone_flags, int ret)
{
    struct task_struct *parent = bpf_get_current_task_btf();
    __u32 flags;

    if (ret)
        return ret;
    flags = shield_of(parent);
    if (flags && !(flags & VSECM_SHIELD_CHILDREN))
        flags = clone_flags & CLONE_VM ? VSECM_SHIELD_MEMORY : 0;
    if (!flags)
        return 0;
    if (bpf_task_storage_get(&inherited, child, &flags, BPF_LOCAL_STORAGE_GET_F_CREATE))
        return 0;
    return deny(VSECM_HOOK_FORK, VSECM_WHY_SHIELDED, 0, (__u32)parent->tgid, EPERM);
}

/* From here on its memory is its own. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(on_exec)
{
    __u32 *given = bpf_task_storage_get(&inherited, bpf_get_current_task_btf(), NULL, 0);

    if (given)
        *given &= ~VSECM_SHIELD_MEMORY;
    return 0;
}

/*
 * A leader that another thread's exec has replaced has not its process's pid any more. And a child
 * that was not finished, for its fork failed, is still a copy of its parent, who lives on.
 */
SEC("lsm/task_free")
int BPF_PROG(on_free, struct task_struct *task)
{
    struct vsecm_process process = {.pid = (__u32)BPF_CORE_READ(task, tgid),
                                    .start_boottime = BPF_CORE_READ(task, start_boottime)};

    if (BPF_CORE_READ(task, exit_state) && process.pid == (__u32)BPF_CORE_READ(task, pid))
        bpf_map_delete_elem(&shields, &process);
    return 0;
}

static __always_inline bool is_at(const struct vsecm_anchor *at, const struct inode *inode)
{
    return at->is_set && at->inode == inode->i_ino && at->device == inode->i_sb->s_dev &&
           at->generation == inode->i_generation;
}

static __always_inline void set_at(struct vsecm_anchor *at, const struct inode *inode)
{
    at->inode = inode->i_ino;
    at->device = inode->i_sb->s_dev;
    at->generation = inode->i_generation;
    at->is_armed = 0;
    at->is_set = 1;
}

/* Nobody holds a lock of flock() on it: this hook runs before the kernel looks, and would else make
 * a core of whoever tries in vain. */
static __always_inline bool is_free(const struct inode *inode)
{
    const struct file_lock_context *context = BPF_CORE_READ(inode, i_flctx);
    const struct list_head *list;

    if (!context)
        return true;
    list = __builtin_preserve_access_index(&context->flc_flock);
    return BPF_CORE_READ(list, next) == list;
}

/* Only root of the node reaches that file. Whoever locks it is the daemon, or its heir. */
SEC("lsm/file_lock")
int BPF_PROG(on_lock, struct file *file, unsigned int cmd, int ret)
{
    const struct inode *inode = file->f_inode;
    __u32 zero = 0, yes = 1;
    struct vsecm_anchor *at = bpf_map_lookup_elem(&anchor, &zero);
    struct task_struct *self = bpf_get_current_task_btf();

    if (ret)
        return ret;
    if (!at || cmd != F_WRLCK)
        return 0;
    if (at->is_armed && is_core())
        set_at(at, inode);
    else if (is_at(at, inode) && is_free(inode))
        bpf_task_storage_get(&cores, self->group_leader, &yes, BPF_LOCAL_STORAGE_GET_F_CREATE);
    return 0;
}
