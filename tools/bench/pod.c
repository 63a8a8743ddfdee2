/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/pod.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_root(struct pod *pod, struct error *error)
{
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    struct mntent *entry;
    int r = -ENOENT;

    if (!mounts)
        return error_errno(error, -errno, "/proc/self/mounts");
    while (r && (entry = getmntent(mounts))) {
        if (strcmp(entry->mnt_type, "cgroup2") != 0)
            continue;
        size_t length = strlen(entry->mnt_dir);
        if (length >= sizeof(pod->root))
            continue;
        memcpy(pod->root, entry->mnt_dir, length + 1);
        r = 0;
    }
    endmntent(mounts);
    if (r)
        return error_set(error, r, "no cgroup2 file system is mounted");
    return 0;
}

static void name_levels(struct pod *pod, const uint8_t random[static 48])
{
    char container[65];

    for (unsigned i = 0; i < 32; i++)
        snprintf(container + 2 * i, 3, "%02x", random[16 + i]);
    snprintf(pod->uid, sizeof(pod->uid),
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", random[0],
             random[1], random[2], random[3], random[4], random[5], random[6], random[7], random[8],
             random[9], random[10], random[11], random[12], random[13], random[14], random[15]);
    snprintf(pod->level[0], POD_PATH, "%s/kubepods", pod->root);
    snprintf(pod->level[1], POD_PATH, "%s/kubepods/burstable", pod->root);
    snprintf(pod->level[2], POD_PATH, "%s/kubepods/burstable/pod%s", pod->root, pod->uid);
    snprintf(pod->level[3], POD_PATH, "%s/kubepods/burstable/pod%s/%s", pod->root, pod->uid,
             container);
}

int pod_make(struct pod *pod, struct error *error)
{
    uint8_t random[48];
    int r = find_root(pod, error);

    if (r)
        return r;
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return error_errno(error, -EIO, "getrandom");
    name_levels(pod, random);
    for (unsigned i = 0; i < POD_LEVELS; i++) {
        if (mkdir(pod->level[i], 0755) == 0)
            pod->made |= 1u << i;
        else if (errno != EEXIST)
            return error_errno(error, -errno, "%s", pod->level[i]);
    }
    return 0;
}

int pod_enter(const struct pod *pod)
{
    char path[POD_PATH + 16];
    int r = 0;

    snprintf(path, sizeof(path), "%s/cgroup.procs", pod->level[POD_LEVELS - 1]);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (write(fd, "0", 1) != 1) /* 0 is the writer itself */
        r = -errno;
    close(fd);
    return r;
}

void pod_remove(struct pod *pod)
{
    for (unsigned i = POD_LEVELS; i-- > 0;)
        if (pod->made & 1u << i)
            rmdir(pod->level[i]); /* fails, rightly, where someone else has moved in */
    pod->made = 0;
}
