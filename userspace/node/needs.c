/* SPDX-License-Identifier: BSD-2-Clause */
#include "node/needs.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "limits.h"
#include "node/cgroupfs.h"
#include "node/node.h"

#define BTF "/sys/kernel/btf/vmlinux"
#define LSM_LIST "/sys/kernel/security/lsm"

static enum node_state kernel_at_least(const struct node *node, unsigned major, unsigned minor,
                                       char seen[NODE_SEEN])
{
    snprintf(seen, NODE_SEEN, "%s", node->release);
    if (!node->major)
        return NODE_UNKNOWN;
    return node->major > major || (node->major == major && node->minor >= minor) ? NODE_PRESENT
                                                                                 : NODE_MISSING;
}

static enum node_state kernel_6_1(const struct node *node, char seen[NODE_SEEN])
{
    return kernel_at_least(node, 6, 1, seen);
}

static enum node_state kernel_6_7(const struct node *node, char seen[NODE_SEEN])
{
    return kernel_at_least(node, 6, 7, seen);
}

/* Whether the file PATH can be read; what it says is not what matters. */
static enum node_state readable(const struct node *node, const char *path, char seen[NODE_SEEN])
{
    char byte[2];
    int r = node_read(node, path, byte, sizeof byte);
    snprintf(seen, NODE_SEEN, "%s%s%s", path, r < 0 ? ": " : "", r < 0 ? strerror(-r) : "");
    return r < 0 ? NODE_MISSING : NODE_PRESENT;
}

static enum node_state btf(const struct node *node, char seen[NODE_SEEN])
{
    return readable(node, BTF, seen);
}

static enum node_state securityfs(const struct node *node, char seen[NODE_SEEN])
{
    return readable(node, LSM_LIST, seen);
}

static enum node_state bpf_in_lsm(const struct node *node, char seen[NODE_SEEN])
{
    char text[NODE_SEEN], *rest = text, *word;
    int r = node_read(node, LSM_LIST, text, sizeof text);
    snprintf(seen, NODE_SEEN, "%s", r < 0 ? strerror(-r) : text);
    if (r < 0)
        return NODE_UNKNOWN;
    while ((word = strsep(&rest, ",")))
        if (strcmp(word, "bpf") == 0)
            return NODE_PRESENT;
    return NODE_MISSING;
}

static enum node_state has(const struct node *node, unsigned capability, char seen[NODE_SEEN])
{
    snprintf(seen, NODE_SEEN, "of this process");
    return node->capabilities >> capability & 1 ? NODE_PRESENT : NODE_MISSING;
}

static enum node_state cap_bpf(const struct node *node, char seen[NODE_SEEN])
{
    return has(node, CAP_SYS_ADMIN, seen) == NODE_PRESENT ? NODE_PRESENT : has(node, CAP_BPF, seen);
}

static enum node_state cap_perfmon(const struct node *node, char seen[NODE_SEEN])
{
    return has(node, CAP_SYS_ADMIN, seen) == NODE_PRESENT ? NODE_PRESENT
                                                          : has(node, CAP_PERFMON, seen);
}

static enum node_state cap_net_admin(const struct node *node, char seen[NODE_SEEN])
{
    return has(node, CAP_NET_ADMIN, seen);
}

/* A mount that a container sees of a part of the tree says so: EXDEV. */
static enum node_state cgroup_root(const struct node *node, char seen[NODE_SEEN])
{
    char path[LIMIT_PATH];
    int fd = cgroupfs_find_root(node->root, node->cgroup_root, path, sizeof path);
    snprintf(seen, NODE_SEEN, "%.160s", fd >= 0 ? path : strerror(-fd));
    if (fd < 0)
        return fd == -EACCES || fd == -EPERM ? NODE_UNKNOWN : NODE_MISSING;
    close(fd);
    return NODE_PRESENT;
}

static const struct node_row rows[] = {
    {"kernel 6.1", NODE_LSM, kernel_6_1, "kernel older than 6.1", "no tier lsm, no guards",
     "boot a newer one"},
    {"kernel 6.7", NODE_CGROUP, kernel_6_7, "kernel older than 6.7", "no tier cgroup",
     "boot a newer one"},
    {"BTF", NODE_START, btf, "no " BTF, "no BPF program can be loaded",
     "mount sysfs, CONFIG_DEBUG_INFO_BTF=y"},
    {"securityfs", NODE_LSM, securityfs, "cannot read " LSM_LIST,
     "nobody knows whether tier lsm would run", "mount securityfs there"},
    {"bpf in the LSM list", NODE_LSM, bpf_in_lsm, "no `bpf` in " LSM_LIST, "no tier lsm, no guards",
     "append ,bpf to that list as lsm= at boot"},
    {"CAP_BPF", NODE_START, cap_bpf, "no CAP_BPF", "no BPF program can be loaded", "grant it"},
    {"CAP_PERFMON", NODE_START, cap_perfmon, "no CAP_PERFMON", "no BPF program can be loaded",
     "grant it"},
    {"CAP_NET_ADMIN", NODE_CGROUP, cap_net_admin, "no CAP_NET_ADMIN", "no tier cgroup", "grant it"},
    {"cgroup2 root", NODE_START, cgroup_root, "no cgroup2 root", "no caller can be named",
     "mount cgroup2, or the host's into the container"},
};

const struct node_row *needs_rows(size_t *count)
{
    *count = sizeof rows / sizeof *rows;
    return rows;
}
