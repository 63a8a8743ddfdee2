/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the daemon's log lies: on a tmpfs that is there already, or on a disk. */
#ifndef BENCH_STATE_H
#define BENCH_STATE_H

#include "base/error.h"

#include <stdbool.h>

#define STATE_PATH 64 /* bytes of a directory's path with its NUL */

/* 0 when there is such a place, -ENOTSUP when there is none; -errno. ERROR says why. */
int state_find(bool on_disk, struct error *error);

/* Make a directory there. On 0 its path is in RET. -errno as state_find(), RET empty. */
int state_make(bool on_disk, char ret[static STATE_PATH], struct error *error);

#endif
