/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The few kernel types our programs touch, written by hand. Layouts here are never used: libbpf
 * relocates every field of a preserve_access_index struct to the running kernel's BTF when it loads
 * the object, so only names and types matter and missing fields do not. The user API structs at the
 * end are fixed by the kernel's ABI and are given in full.
 */
#ifndef VSECM_VMLINUX_H
#define VSECM_VMLINUX_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

enum bpf_map_type {
    BPF_MAP_TYPE_HASH = 1,
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_PERCPU_ARRAY = 6,
    BPF_MAP_TYPE_LRU_HASH = 9,
    BPF_MAP_TYPE_SK_STORAGE = 24,
    BPF_MAP_TYPE_RINGBUF = 27,
    BPF_MAP_TYPE_INODE_STORAGE = 28,
    BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum bpf_cmd {
    BPF_PROG_LOAD = 5,
    BPF_PROG_GET_FD_BY_ID = 13,
    BPF_MAP_GET_FD_BY_ID = 14,
    BPF_LINK_GET_FD_BY_ID = 30,
};

enum bpf_attach_type { BPF_MODIFY_RETURN = 26, BPF_LSM_MAC = 27 };

enum { BPF_ANY = 0 };
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_SK_STORAGE_GET_F_CREATE = 1 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
    const char *name;
    __u64 id;
};

struct cgroup {
    int level;
    struct kernfs_node *kn;
    struct cgroup *ancestors[]; /* since 6.1; [0] is the root, [level] the cgroup itself */
};

struct css_set {
    struct cgroup *dfl_cgrp; /* the cgroup in the cgroup2 hierarchy */
};

struct ns_common {
    unsigned int inum;
};

struct pid_namespace {
    struct ns_common ns;
};

struct upid {
    int nr;
    struct pid_namespace *ns;
};

struct pid {
    unsigned int level;
    struct upid numbers[];
};

enum pid_type {
    PIDTYPE_PID,
    PIDTYPE_TGID,
    PIDTYPE_PGID,
    PIDTYPE_SID,
    PIDTYPE_MAX,
};

struct signal_struct {
    struct pid *pids[PIDTYPE_MAX];
};

typedef struct {
    __u32 val;
} kuid_t;

struct cred {
    kuid_t euid;
};

struct task_struct {
    int pid;
    int tgid;
    int exit_state; /* 0 until it has ended */
    __u64 start_boottime;
    struct task_struct *group_leader;
    const struct cred *cred;
    struct css_set *cgroups;
    struct signal_struct *signal;
};

typedef struct {
    __s64 counter;
} atomic64_t;

struct sock_common {
    atomic64_t skc_cookie;
};

struct inode;
struct dentry;
struct rlimit;

struct super_block {
    __u32 s_dev;
};

struct list_head {
    struct list_head *next;
};

struct file_lock_context {
    struct list_head flc_flock;
};

struct inode {
    struct super_block *i_sb;
    struct file_lock_context *i_flctx;
    unsigned long i_ino;
    __u32 i_generation;
};

struct dentry {
    struct dentry *d_parent;
    struct inode *d_inode;
};

struct vfsmount {
    struct super_block *mnt_sb;
};

struct path {
    struct dentry *dentry;
};

struct file {
    struct inode *f_inode;
};

struct socket {
    struct file *file;
};

struct sock {
    struct sock_common __sk_common;
    struct socket *sk_socket;
    struct pid *sk_peer_pid;
};

struct bpf_map {
    __u32 id;
};

struct bpf_prog_aux {
    __u32 id;
};

struct bpf_prog {
    struct bpf_prog_aux *aux;
};

struct unix_sock {
    struct sock sk;
    struct sock *peer;
};

#pragma clang attribute pop

union bpf_attr;

struct bpf_sock {
    __u32 bound_dev_if;
    __u32 family;
    __u32 type;
    __u32 protocol;
    __u32 mark;
    __u32 priority;
    __u32 src_ip4;
    __u32 src_ip6[4];
    __u32 src_port;
    __be16 dst_port;
    __u16 : 16;
    __u32 dst_ip4;
    __u32 dst_ip6[4];
    __u32 state;
    __s32 rx_queue_mapping;
};

struct bpf_sock_addr {
    __u32 user_family;
    __u32 user_ip4;
    __u32 user_ip6[4];
    __u32 user_port;
    __u32 family;
    __u32 type;
    __u32 protocol;
    __u32 msg_src_ip4;
    __u32 msg_src_ip6[4];
    union {
        struct bpf_sock *sk;
        __u64 : 64;
    } __attribute__((aligned(8)));
};

struct bpf_sockopt {
    union {
        struct bpf_sock *sk;
        __u64 : 64;
    } __attribute__((aligned(8)));
    union {
        void *optval;
        __u64 : 64;
    } __attribute__((aligned(8)));
    union {
        void *optval_end;
        __u64 : 64;
    } __attribute__((aligned(8)));
    __s32 level;
    __s32 optname;
    __s32 optlen;
    __s32 retval;
};

#endif
