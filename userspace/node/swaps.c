/* SPDX-License-Identifier: BSD-2-Clause */
#include "node/swaps.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits.h"

#define LISTED 4096 /* bytes of /proc/swaps that are read */

/* The name that the block device NAME of /dev has in sysfs: links of device mapper lead there. */
static void device_of(const struct node *node, const char *path, char ret[LIMIT_PATH])
{
    char full[2 * LIMIT_PATH];
    snprintf(full, sizeof full, "%s%.*s", node->root, LIMIT_PATH - 1, path);
    char *real = realpath(full, NULL);
    snprintf(ret, LIMIT_PATH, "%s", basename(real ? real : full));
    free(real);
}

/* Whether swap on PATH, of TYPE as /proc/swaps has it, can be read by who takes the disk. */
static enum node_state look_at(const struct node *node, const char *path, const char *type)
{
    char device[LIMIT_PATH], file[2 * LIMIT_PATH], uuid[64];
    /* What a file system is on is not looked for. */
    if (strcmp(type, "partition") != 0)
        return NODE_UNKNOWN;
    device_of(node, path, device);
    if (strncmp(device, "zram", 4) == 0)
        return NODE_PRESENT;
    snprintf(file, sizeof file, "/sys/block/%s/dm/uuid", device);
    int r = node_read(node, file, uuid, sizeof uuid);
    if (r == -ENOENT)
        return NODE_MISSING;
    return r < 0 ? NODE_UNKNOWN : strncmp(uuid, "CRYPT-", 6) == 0 ? NODE_PRESENT : NODE_MISSING;
}

enum node_state swaps_look(const struct node *node, char seen[NODE_SEEN])
{
    char text[LISTED], *rest = text, *line;
    int r = node_read(node, "/proc/swaps", text, sizeof text);
    snprintf(seen, NODE_SEEN, "%s", r < 0 ? strerror(-r) : "none");
    if (r == -ENOENT)
        return NODE_PRESENT; /* a kernel that cannot swap */
    if (r < 0)
        return NODE_UNKNOWN;
    enum node_state worst = NODE_PRESENT;
    strsep(&rest, "\n"); /* the heading */
    while ((line = strsep(&rest, "\n")) && *line) {
        char path[LIMIT_PATH], type[32];
        if (sscanf(line, "%511s %31s", path, type) != 2)
            return NODE_UNKNOWN;
        enum node_state state = look_at(node, path, type);
        /* One that can be read for certain is worse than one of which that is not known. */
        if (worst == NODE_MISSING || (state == NODE_PRESENT && worst == NODE_UNKNOWN))
            continue;
        snprintf(seen, NODE_SEEN, "%.150s (%s)", path, type);
        worst = state;
    }
    return worst;
}
