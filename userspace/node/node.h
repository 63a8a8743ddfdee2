/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node as one who looks at it finds it: what the kernel says of itself, and rows of what a daemon
 * needs there or could make use of.
 */
#ifndef VSECM_NODE_NODE_H
#define VSECM_NODE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#define NODE_SEEN 192 /* bytes of what was seen, with its NUL */

/* What is looked at. Everything else is in files below `root`. */
struct node {
    const char *root;        /* "": this node; else a directory with a tree like a node's */
    const char *cgroup_root; /* NULL: found in the list of mounts */
    const char *pin_dir;
    const char *private_dir;
    char release[65]; /* of the kernel */
    unsigned major, minor;
    uint64_t capabilities; /* effective ones of this process */
    struct rlimit memlock, descriptors;
    /* Of node_try(): 0 it is there, or -errno; -EPERM when trying took rights we do not have. */
    int memfd_secret;
    int noswap; /* a tmpfs mounted so is never swapped */
    int pass_pidfd;
    int pidfd_info; /* of a cgroup id */
};

enum node_state { NODE_PRESENT, NODE_MISSING, NODE_UNKNOWN };

/* What does not work without a row. */
enum { NODE_LSM = 1, NODE_CGROUP = 2, NODE_START = NODE_LSM | NODE_CGROUP };

struct node_row {
    const char *name;
    unsigned needed; /* by which tiers; 0: a daemon runs without it */
    /* Sets SEEN for NODE_PRESENT, and where there is more to say than that it is missing. */
    enum node_state (*look)(const struct node *node, char seen[NODE_SEEN]);
    const char *missing; /* what is wrong then */
    const char *means;   /* what that means for a daemon */
    const char *get;     /* how to get it */
};

/* This node, as this process may see it, with the usual directories. */
void node_look(struct node *ret);

/* Try what can be known by trying only. Nothing is left behind. */
void node_try(struct node *node);

/*
 * The beginning of the file PATH of NODE, at most SIZE - 1 bytes and a NUL, without a newline at
 * its end. 0 or -errno.
 */
int node_read(const struct node *node, const char *path, char *ret, size_t size);

#endif
