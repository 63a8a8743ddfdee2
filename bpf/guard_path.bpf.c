/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * In some directories only the daemon changes anything: that of its socket, its private one, those
 * of the pins. And a pod does not take away or empty another's secret files.
 */
#include "guard.bpf.h"

#define MS_REMOUNT 0x20ul
#define MS_BIND 0x1000ul
#define MS_PROPAGATION 0x1E0000ul /* MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Written by the daemon through a descriptor of the directory. */
struct {
    __uint(type, BPF_MAP_TYPE_INODE_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, __u32);
} directories SEC(".maps");

/* Devices of file systems that nobody unmounts: of the bpffs with the pins. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 8);
    __type(key, __u32);
    __type(value, __u32);
} devices SEC(".maps");

/* The cgroups below which kubelets put their pods. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 64);
    __type(key, __u64);
    __type(value, __u32);
} pod_roots SEC(".maps");

static __always_inline bool is_guarded(struct inode *inode)
{
    return bpf_inode_storage_get(&directories, inode, NULL, 0) != NULL;
}

static __always_inline int refuse_others(__u32 hook)
{
    return is_core() ? 0 : deny(hook, VSECM_WHY_CORE, 0, 0, EPERM);
}

/* Whoever cleans up after pods is in none, and goes on. */
static __always_inline int refuse_foreign(struct inode *inode)
{
    const struct vsecm_domain *owner = bpf_inode_storage_get(&owned, inode, NULL, 0);

    if (!owner || is_owner(owner) || !is_below(&pod_roots) || is_core())
        return 0;
    return deny(VSECM_HOOK_PATH, VSECM_WHY_FOREIGN, owner->cgroup_id, 0, EPERM);
}

static __always_inline int refuse_entry(struct inode *dir)
{
    return is_guarded(dir) ? refuse_others(VSECM_HOOK_PATH) : 0;
}

SEC("lsm/inode_create")
int BPF_PROG(on_create, struct inode *dir, struct dentry *dentry, int mode, int ret)
{
    return ret ? ret : refuse_entry(dir);
}

SEC("lsm/inode_link")
int BPF_PROG(on_link, struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry,
             int ret)
{
    return ret ? ret : refuse_entry(dir);
}

SEC("lsm/inode_symlink")
int BPF_PROG(on_symlink, struct inode *dir, struct dentry *dentry, const char *name, int ret)
{
    return ret ? ret : refuse_entry(dir);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(on_mkdir, struct inode *dir, struct dentry *dentry, int mode, int ret)
{
    return ret ? ret : refuse_entry(dir);
}

/* bind() of a Unix socket comes by here, too. */
SEC("lsm/inode_mknod")
int BPF_PROG(on_mknod, struct inode *dir, struct dentry *dentry, int mode, unsigned int dev,
             int ret)
{
    return ret ? ret : refuse_entry(dir);
}

SEC("lsm/inode_unlink")
int BPF_PROG(on_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
    if (ret)
        return ret;
    ret = refuse_entry(dir);
    return ret ? ret : refuse_foreign(dentry->d_inode);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(on_rmdir, struct inode *dir, struct dentry *dentry, int ret)
{
    if (ret)
        return ret;
    if (is_guarded(dir) || is_guarded(dentry->d_inode))
        return refuse_others(VSECM_HOOK_PATH);
    return 0;
}

/* What is renamed over is removed; helpers take the NULL of where nothing is. */
SEC("lsm/inode_rename")
int BPF_PROG(on_rename, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
             struct dentry *new_dentry, int ret)
{
    if (ret)
        return ret;
    if (is_guarded(old_dir) || is_guarded(new_dir) || is_guarded(old_dentry->d_inode) ||
        is_guarded(new_dentry->d_inode))
        return refuse_others(VSECM_HOOK_PATH);
    ret = refuse_foreign(old_dentry->d_inode);
    return ret ? ret : refuse_foreign(new_dentry->d_inode);
}

/*
 * A length, a mode or an owner is changed by a name, with nothing opened. These hooks are only in
 * kernels with CONFIG_SECURITY_PATH.
 */
static __always_inline int refuse_change(const struct path *path)
{
    struct dentry *dentry = path->dentry;

    if (is_guarded(dentry->d_inode) || is_guarded(dentry->d_parent->d_inode))
        return refuse_others(VSECM_HOOK_PATH);
    return refuse_foreign(dentry->d_inode);
}

SEC("lsm/path_truncate")
int BPF_PROG(on_truncate, const struct path *path, int ret)
{
    return ret ? ret : refuse_change(path);
}

SEC("lsm/path_chmod")
int BPF_PROG(on_chmod, const struct path *path, unsigned short mode, int ret)
{
    return ret ? ret : refuse_change(path);
}

SEC("lsm/path_chown")
int BPF_PROG(on_chown, const struct path *path, __u64 uid, __u64 gid, int ret)
{
    return ret ? ret : refuse_change(path);
}

/* A mount would hide it, or what is in it. */
static __always_inline int refuse_mount(const struct path *path)
{
    struct dentry *dentry = path->dentry;

    if (!is_guarded(dentry->d_inode) && !is_guarded(dentry->d_parent->d_inode))
        return 0;
    return refuse_others(VSECM_HOOK_MOUNT);
}

/* In the kernel's order: the first of these flags decides what mount(2) does. */
static __always_inline bool is_new_mount(unsigned long flags)
{
    return !(flags & MS_REMOUNT) && (flags & MS_BIND || !(flags & MS_PROPAGATION));
}

/* Container runtimes mount it elsewhere, and then change how: that is no mount on it. */
SEC("lsm/sb_mount")
int BPF_PROG(on_mount, const char *name, const struct path *path, const char *type,
             unsigned long flags, void *data, int ret)
{
    if (ret)
        return ret;
    return is_new_mount(flags) ? refuse_mount(path) : 0;
}

SEC("lsm/move_mount")
int BPF_PROG(on_move_mount, const struct path *from, const struct path *to, int ret)
{
    return ret ? ret : refuse_mount(to);
}

SEC("lsm/sb_umount")
int BPF_PROG(on_umount, struct vfsmount *mount, int flags, int ret)
{
    __u32 device = mount->mnt_sb->s_dev;

    if (ret)
        return ret;
    return bpf_map_lookup_elem(&devices, &device) ? refuse_others(VSECM_HOOK_MOUNT) : 0;
}
