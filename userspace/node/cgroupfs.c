/* SPDX-License-Identifier: BSD-2-Clause */
#include "node/cgroupfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel_abi.h"
#include "limits.h"

#define ROOT_ID 1 /* kernfs numbers its nodes from 1, the root first */
#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

uint64_t cgroupfs_id(int dir)
{
    struct stat st;

    /* On 64-bit kernels, the only ones supported, the inode number is the whole kernfs id. */
    return fstat(dir, &st) < 0 ? 0 : st.st_ino;
}

static int open_checked(const char *path)
{
    int fd = open(path, OPEN_DIR);
    if (fd < 0)
        return -errno;
    struct statfs fs;
    int r = fstatfs(fd, &fs) < 0               ? -errno
            : fs.f_type != CGROUP2_SUPER_MAGIC ? -ENOENT
            : cgroupfs_id(fd) != ROOT_ID       ? -EXDEV
                                               : fd;
    if (r < 0)
        close(fd);
    return r;
}

/* The mount point in a line of mountinfo if it is one of cgroup2, else NULL. Cuts LINE. */
static const char *cgroup2_mount(char *line)
{
    char *type = strstr(line, " - ");
    if (!type || strncmp(type, " - cgroup2 ", 11) != 0)
        return NULL;
    char *rest = line;
    for (int field = 0; field < 4; field++)
        if (!strsep(&rest, " "))
            return NULL;
    return strsep(&rest, " ");
}

/* Open PATH below ABOVE, and keep it in RET. */
static int open_below(const char *above, const char *path, char *ret, size_t size)
{
    if (snprintf(ret, size, "%s%s", above, path) >= (int)size)
        return -ENAMETOOLONG;
    return open_checked(ret);
}

int cgroupfs_find_root(const char *above, const char *path, char *ret, size_t size)
{
    if (path)
        return open_below(above, path, ret, size);
    if (snprintf(ret, size, "%s/proc/self/mountinfo", above) >= (int)size)
        return -ENAMETOOLONG;
    FILE *mounts = fopen(ret, "re");
    if (!mounts)
        return -errno;
    char *line = NULL;
    size_t room = 0;
    int r = -ENOENT;
    while (r < 0 && getline(&line, &room, mounts) > 0) {
        const char *mount = cgroup2_mount(line);
        if (mount)
            r = open_below(above, mount, ret, size);
    }
    free(line);
    fclose(mounts);
    return r;
}

int cgroupfs_open_root(const char *path)
{
    char found[LIMIT_PATH];
    return cgroupfs_find_root("", path, found, sizeof found);
}

int cgroupfs_open(int root, const struct vsecm_chain *chain)
{
    if (chain->depth > VSECM_CHAIN_LEVELS || chain->truncated)
        return -ENAMETOOLONG;
    int dir = openat(root, ".", OPEN_DIR);
    for (uint32_t i = 0; dir >= 0 && i < chain->depth; i++) {
        int next = openat(dir, chain->name[i], OPEN_DIR | O_NOFOLLOW);
        int error = errno;
        close(dir);
        errno = error;
        dir = next;
    }
    return dir < 0 ? -errno : dir;
}

bool cgroupfs_has_us(int dir)
{
    int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    FILE *procs = fdopen(fd, "r");
    if (!procs) {
        close(fd);
        return false;
    }
    char line[32];
    bool found = false;
    while (!found && fgets(line, sizeof line, procs))
        found = strtol(line, NULL, 10) == getpid();
    fclose(procs);
    return found;
}
