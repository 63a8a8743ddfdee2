/* SPDX-License-Identifier: BSD-2-Clause */
/* The cgroup2 file system, as far as this project needs it. */
#ifndef VSECM_NODE_CGROUPFS_H
#define VSECM_NODE_CGROUPFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vsecm_chain;

/*
 * Open the root of the cgroup2 hierarchy: PATH, or, if it is NULL, the first mount of it in
 * /proc/self/mountinfo. The root of a mount need not be the root of the hierarchy (a container sees
 * its own cgroup there), and programs attached further down would miss callers: it is checked.
 * The descriptor, or -errno: -ENOENT no such mount, -EXDEV a mount of a part only.
 */
int cgroupfs_open_root(const char *path);

/*
 * The same for whoever looks at a tree below the directory ABOVE ("": this node). RET of SIZE bytes
 * gets the mount's path where the descriptor is returned.
 */
int cgroupfs_find_root(const char *above, const char *path, char *ret, size_t size);

/* Open the directory that CHAIN names below ROOT. -ENAMETOOLONG when CHAIN is not whole. */
int cgroupfs_open(int root, const struct vsecm_chain *chain);

/* The id of the cgroup of directory DIR, the one that the kernel's programs see; 0 on an error. */
uint64_t cgroupfs_id(int dir);

/* Whether this process is in the cgroup of directory DIR, whichever pid namespace it is in. */
bool cgroupfs_has_us(int dir);

#endif
