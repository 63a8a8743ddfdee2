/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the BPF programs and the daemon say to each other. Both sides compile this file, and the
 * assertions below hold on both: a layout that differs is a build error, not a wrong identity.
 */
#ifndef VSECM_KERNEL_ABI_H
#define VSECM_KERNEL_ABI_H

#ifdef __bpf__
#include "vmlinux.h"
typedef __u32 vsecm_u32;
typedef __u64 vsecm_u64;
#else
#include <stdint.h>
typedef uint32_t vsecm_u32;
typedef uint64_t vsecm_u64;
#endif

/* Raised whenever a struct below changes; pinned objects of another version are never reused. */
#define VSECM_ABI_VERSION 2u

/*
 * How many levels of a cgroup chain are read, counted from the root down. The deepest anchored
 * match is: four levels of a nested kubelet's root, the kubepods slice, QoS, pod, container = 8;
 * two more let a nested root be deeper. What lies below the container is never needed.
 */
#define VSECM_CHAIN_LEVELS 10u

/*
 * Bytes kept of one cgroup's name, with its final NUL. The longest name that matters is a nested
 * kubelet's "<root>-burstable-pod<uid>.slice" (about 100); a longer one is marked, never matched.
 */
#define VSECM_CGROUP_NAME 128u

/* Who called connect(), as the kernel saw it in that very call. */
struct vsecm_caller {
    vsecm_u64 cgroup_id;      /* of the caller's cgroup (cgroup2); never used twice by a kernel */
    vsecm_u64 start_boottime; /* ns since boot at which the caller's process started */
    vsecm_u32 pid;            /* thread group id, in the initial pid namespace */
    vsecm_u32 uid;            /* effective uid, in the initial user namespace */
    vsecm_u32 abi;            /* VSECM_ABI_VERSION; 0 means that nothing was recorded */
    vsecm_u32 reserved;
};

/* The names of a cgroup and its ancestors. name[0] is the child of the root. */
struct vsecm_chain {
    vsecm_u32 depth;     /* levels below the root; the root itself is 0. May exceed CHAIN_LEVELS */
    vsecm_u32 truncated; /* bit i: name[i] is longer than its field, so it names nothing */
    vsecm_u64 id[VSECM_CHAIN_LEVELS]; /* of the cgroup called name[i]; 0: could not be read */
    char name[VSECM_CHAIN_LEVELS][VSECM_CGROUP_NAME];
};

/*
 * A cgroup and how deep it lies: name[0] of a chain has level 1, the root 0. Whoever is in it or
 * below it is the owner of what is labelled with it.
 */
struct vsecm_domain {
    vsecm_u64 cgroup_id; /* 0: nobody's */
    vsecm_u32 level;
    vsecm_u32 reserved;
};

/* A process, for as long as this kernel runs: a pid comes again, with another start. */
struct vsecm_process {
    vsecm_u64 start_boottime; /* as in vsecm_caller */
    vsecm_u32 pid;
    vsecm_u32 reserved;
};

/* How a process is shielded: as it asked (a value of the map `shields`), or by its parent. */
#define VSECM_SHIELD_SELF 1u     /* the process, until it ends */
#define VSECM_SHIELD_CHILDREN 2u /* and whatever it forks from then on, for good */
#define VSECM_SHIELD_MEMORY 4u   /* of a child: its parent's, which it shares until it executes */

/* Counters that the programs keep, by index. */
#define VSECM_COUNT_RECORDED 0u
#define VSECM_COUNT_FAILED 1u
#define VSECM_COUNT_LOST 2u /* denials that had no room in the ring of events */
#define VSECM_COUNTS 3u

/* Entries of maps: more than one node has of each. */
#define VSECM_BARS 1024u    /* cgroups that are barred at once */
#define VSECM_SHIELDS 4096u /* processes that asked for a shield themselves */
#define VSECM_SELF 256u     /* of ours, of the daemon before, of a start that was killed */

/* Kinds of what is in the map `self`. */
#define VSECM_SELF_MAP 0u
#define VSECM_SELF_PROGRAM 1u
#define VSECM_SELF_LINK 2u

struct vsecm_self {
    vsecm_u32 kind;
    vsecm_u32 id;
};

/*
 * The file that the daemon has locked, as the kernel itself names it: a number that came from a
 * file system's stat() may be another one.
 */
struct vsecm_anchor {
    vsecm_u64 inode;
    vsecm_u32 device;
    vsecm_u32 generation;
    vsecm_u32 is_armed; /* the next file that the daemon locks is it */
    vsecm_u32 is_set;
};

/* Bytes of the ring of denials: two thousand of them, until the daemon is back that reads them. */
#define VSECM_RING_BYTES (128u * 1024u)

/* Where something was denied. The names of the hooks are the kernel's. */
#define VSECM_HOOK_CONNECT 0u /* unix_stream_connect */
#define VSECM_HOOK_RECEIVE                                                                       \
    1u                       /* file_receive: SCM_RIGHTS, pidfd_getfd, seccomp's addfd, io_uring \
                              */
#define VSECM_HOOK_OPEN 2u   /* file_open */
#define VSECM_HOOK_MMAP 3u   /* mmap_file */
#define VSECM_HOOK_PTRACE 4u /* ptrace_access_check: also most of /proc/PID */
#define VSECM_HOOK_FORK 5u   /* task_alloc: a shield that could not be passed on */
#define VSECM_HOOK_PATH 6u   /* inode_create, _link, _unlink, _symlink, _mkdir, _mknod, _rename */
#define VSECM_HOOK_MOUNT 7u  /* sb_mount, move_mount, sb_umount */
#define VSECM_HOOK_BPF 8u    /* bpf, bpf_map, bpf_prog */
#define VSECM_HOOKS 9u

/* Why it was denied. */
#define VSECM_WHY_BARRED 0u    /* its cgroup is barred from connecting, for a while */
#define VSECM_WHY_NO_RECORD 1u /* no record of it could be made */
#define VSECM_WHY_FOREIGN 2u   /* it is another pod's */
#define VSECM_WHY_SHIELDED 3u  /* the process asked for it */
#define VSECM_WHY_CORE 4u      /* only the daemon itself may */
#define VSECM_WHYS 5u

/* One denial, as it comes through the ring of events. */
struct vsecm_denial {
    vsecm_u64 boottime;  /* ns since boot */
    vsecm_u64 cgroup_id; /* of whoever tried */
    vsecm_u64 object;    /* cgroup id of the owner, id of the map or program; else 0 */
    vsecm_u32 hook;
    vsecm_u32 why;
    vsecm_u32 pid; /* of whoever tried, in the initial pid namespace */
    vsecm_u32 uid;
    vsecm_u32 target; /* pid of the shielded process; else 0 */
    char command[16]; /* which whoever tried chose; escape it */
    vsecm_u32 reserved;
};

/* The getsockopt() call that hands out the caller of an accepted socket (cgroup tier). */
#define VSECM_SOL 0x5ec
#define VSECM_SO_CALLER 1

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(struct vsecm_caller) == 32, "kernel ABI: caller");
_Static_assert(sizeof(struct vsecm_chain) == 8 + VSECM_CHAIN_LEVELS * (8 + VSECM_CGROUP_NAME),
               "kernel ABI: chain");
_Static_assert(sizeof(struct vsecm_domain) == 16, "kernel ABI: domain");
_Static_assert(sizeof(struct vsecm_process) == 16, "kernel ABI: process");
_Static_assert(sizeof(struct vsecm_denial) == 64, "kernel ABI: denial");
#endif

#endif
