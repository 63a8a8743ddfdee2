/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cluster's root key: what every VSecMSecret is sealed to. It is kept in the arena; in the
 * cluster it lies wrapped to the nodes that were let in, and beside the log as a copy of that.
 */
#ifndef VSECM_CLUSTER_ROOT_H
#define VSECM_CLUSTER_ROOT_H

#include <stddef.h>

#include "base/span.h"

struct age_identity;
struct age_recipient;
struct arena;
struct error;
struct link;
struct loop;
struct root;
struct rootkey;
struct writer;

enum root_mode {
    ROOT_AUTO,    /* made by the first node, nodes that prove who they are are let in */
    ROOT_APPROVE, /* likewise, but a person approves each node */
    ROOT_MANUAL,  /* brought by an administrator; nodes have identities that no disk sees */
};

struct root_options {
    struct loop *loop;
    struct arena *arena;
    struct link *link;
    const char *node; /* this node's name */
    int dir;          /* where the node's identity and the copy of the wrapped key lie */
    enum root_mode mode;
    const char *recovery; /* recipients, split by blanks, that the root key is wrapped to besides */
    const char
        *user; /* whose tokens prove a node: "system:serviceaccount:vsecm-system:vsecm-safe" */
    /* The key is known from now on, or is another one; never called from within root_new(). */
    void (*changed)(void *context);
    /* For the audit trail: WHAT ("node-admit", "node-refuse", "node-wait", "root-create",
     * "root-rekey", "root-refuse") was done to node NAME ("" for none), WHY in one word or "". */
    void (*note)(void *context, const char *what, const char *name, const char *outcome,
                 const char *why);
    /* 0 when such a record can be kept now. Else nobody is let in, and no key is made or changed.
     * NULL: it always can. */
    int (*can_note)(void *context);
    void *context;
};

/*
 * Make or read the node's identity, and open the copy of the wrapped key if there is one: then the
 * key is known with no cluster in reach. 0 with *ret the caller's, or -errno with *error.
 */
int root_new(const struct root_options *options, struct root **ret, struct error *error);

/* Whom to seal values to; NULL while the key is not known. */
const struct age_recipient *root_recipient(const struct root *root);

/* The same for what is sealed now: NULL also when this node was left out, and its key is old. */
const struct age_recipient *root_seals_to(const struct root *root);

/*
 * What opens them: *count identities in the arena, the newest first; more than one while the key
 * is being changed across the nodes. NULL while the key is not known.
 */
const struct age_identity *root_identities(const struct root *root, size_t *count);

/* Why nothing can be sealed, for people: "this node waits to be let in", …; "" when it can. */
const char *root_why(const struct root *root);

/*
 * KEY (the root's from now on) was brought by an administrator. 0, also when it is known already
 * and the same; -EEXIST, another is in use; -EINVAL: it is not the one that VSecMKey names; *error
 * says.
 */
int root_bring(struct root *root, struct rootkey *key, struct error *error);

/*
 * Make a new root key and wrap it to every node that is in but LEAVING ("" for none), whose name is
 * let in again only when a person approves it. What follows (values sealed anew, root_drop_old())
 * is for others, told by changed(). 0: it is begun; -ENOKEY, -ENOTCONN, -EINVAL (LEAVING is this
 * node), -ENOENT (there is no such node), -EBUSY, with *error.
 */
int root_rekey(struct root *root, const char *leaving, struct error *error);

/*
 * Everything is sealed to the newest root key: take the others out. 0 (also when there is but one),
 * or -errno with *error.
 */
int root_drop_old(struct root *root, struct error *error);

/*
 * A person approves node NAME with RECIPIENT, which they have compared; "": whatever it has now.
 * 0, -ENOENT, -EINVAL (RECIPIENT is none), -ESTALE (it has another), or -errno with *error.
 */
int root_approve(struct root *root, const char *name, const char *recipient, struct error *error);

/* Who is in, who waits and why: {"node":…,"recipient":…,"nodes":[…],"waiting":[…],"why":…}. */
void root_write_nodes(struct writer *w, const struct root *root);

/* Its part of the status, the same with counts: ,"root":{"node":…,"recipient":…,"nodes":2,…}. */
void root_write_status(struct writer *w, const struct root *root);

/* Wipes. After link_free(), for the link tells it things. NULL is fine. */
void root_free(struct root *root);

#endif
