/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/root_confirm.h"

#include <errno.h>

#include "base/clock.h"
#include "cluster/root_state.h"
#include "limits.h"

int root_confirm_is_recent(const struct root *root)
{
    return root->confirmed_ms && clock_mono_ms() - root->confirmed_ms < LIMIT_CONFIRMED_MS;
}

int root_confirm(struct root *root, struct span resource_version, uint64_t asked_ms)
{
    if (root->object.is_unjudged ||
        !span_is(resource_version, root->object.is_there ? root->object.version : ""))
        return -EAGAIN;
    root->confirmed_ms = asked_ms;
    return 0;
}
