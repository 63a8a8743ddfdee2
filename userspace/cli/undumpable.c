/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/undumpable.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static struct rlimit before;

int undumpable_begin(void)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || getrlimit(RLIMIT_CORE, &before) < 0)
        return -errno;
    /* The hard limit stays: whoever is not root could not give it back to a child. */
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}

void undumpable_undo(void)
{
    setrlimit(RLIMIT_CORE, &before);
}
