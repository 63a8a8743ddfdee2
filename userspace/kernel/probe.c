/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "node/needs.h"
#include "node/node.h"

/* A row that cannot tell is no reason: another one says why it cannot, or the canary will. */
int probe_tier(enum attest_tier tier, const struct attest_options *options, struct error *error)
{
    const unsigned bit = tier == ATTEST_LSM ? NODE_LSM : NODE_CGROUP;
    struct node node;
    size_t count;
    const struct node_row *rows = needs_rows(&count);
    int r = 0;

    node_look(&node);
    node.cgroup_root = options->cgroup_root;
    for (size_t i = 0; i < count; i++) {
        char seen[NODE_SEEN] = "";
        if (!(rows[i].needed & bit) || rows[i].look(&node, seen) != NODE_MISSING)
            continue;
        size_t used = strlen(error->text);
        snprintf(error->text + used, sizeof error->text - used, "%s%s: %s", r ? "; " : "",
                 rows[i].missing, rows[i].get);
        r = -EOPNOTSUPP;
    }
    return r;
}
