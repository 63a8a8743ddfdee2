/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/state.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>

static const char *parent_of(bool on_disk)
{
    return on_disk ? "/tmp" : "/dev/shm";
}

int state_find(bool on_disk, struct error *error)
{
    const char *parent = parent_of(on_disk);
    struct statfs fs;

    if (statfs(parent, &fs))
        return error_errno(error, -errno, "%s", parent);
    bool is_memory = fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
    if (is_memory == on_disk)
        return error_set(error, -ENOTSUP, "%s is %s tmpfs: a log %s cannot be measured there",
                         parent, is_memory ? "a" : "no", on_disk ? "on a disk" : "in memory");
    return 0;
}

int state_make(bool on_disk, char ret[static STATE_PATH], struct error *error)
{
    int r = state_find(on_disk, error);

    ret[0] = '\0';
    if (r)
        return r;
    snprintf(ret, STATE_PATH, "%s/vsecm-bench-state.XXXXXX", parent_of(on_disk));
    if (mkdtemp(ret))
        return 0;
    r = error_errno(error, -errno, "%s", ret);
    ret[0] = '\0';
    return r;
}
