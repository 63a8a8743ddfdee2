/* SPDX-License-Identifier: BSD-2-Clause */
/* A cgroup shaped like a pod's container, so that the daemon sees its member as a workload. */
#ifndef BENCH_POD_H
#define BENCH_POD_H

#include "base/error.h"

#define POD_PATH 512 /* bytes of a directory's path with its NUL */
#define POD_LEVELS 4 /* kubepods, burstable, pod, container */

struct pod {
    char uid[37];                     /* random, so that two runs do not meet */
    char root[POD_PATH / 2];          /* where cgroup2 is mounted */
    char level[POD_LEVELS][POD_PATH]; /* the directories, outermost first */
    unsigned made;                    /* bit I: level I is ours to remove */
};

/* Find cgroup2 and make the cgroup. -errno with ERROR filled; pod_remove() is due either way. */
int pod_make(struct pod *pod, struct error *error);

/* Move the calling process into it. -errno. */
int pod_enter(const struct pod *pod);

/* Remove what pod_make() made. Every member must have ended. An all-zero POD is fine. */
void pod_remove(struct pod *pod);

#endif
