/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is sealed in the VSecMKey: the cluster's root key, and all that is true of it: which nodes
 * are in, who else may open it, what a person approved. What stands beside it in clear is for
 * people, and believed by nobody.
 */
#ifndef VSECM_CLUSTER_WRAP_H
#define VSECM_CLUSTER_WRAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "cluster/root.h"
#include "crypto/age_key.h"
#include "limits.h"
#include "store/rootkey.h"

struct error;

#define WRAP_TOKEN 16u /* bytes of what tells that a root key was known */

struct wrap_node {
    char name[LIMIT_DNS_SUBDOMAIN + 1];
    struct age_recipient recipient;
};

/* Nodes, in the order in which they came. */
struct wrap_nodes {
    size_t count;
    struct wrap_node list[LIMIT_NODES];
};

/* What may be in no memory but the arena. */
struct wrap_secret {
    size_t identities;
    struct age_identity identity[ROOTKEY_MAX]; /* the newest first */
    size_t tokens;
    unsigned char token[LIMIT_ROOT_LINEAGE][WRAP_TOKEN]; /* of those before, the newest first */
};

struct wrap {
    struct arena *arena;
    struct wrap_secret *secret;
    uint64_t generation; /* one more with each change; 0: it never was in the cluster */
    enum root_mode mode;
    struct wrap_nodes nodes;
    struct wrap_nodes approved; /* by a person; not let in yet */
    size_t barred;              /* removed: they come back when a person approves them */
    char barred_name[LIMIT_NODES_BARRED][LIMIT_DNS_SUBDOMAIN + 1];
    size_t recoveries;
    struct age_recipient recovery[LIMIT_RECOVERY];
};

/* Of the COUNT identities of a root key, the newest first, with nobody in. NULL: no memory. */
struct wrap *wrap_new(struct arena *arena, const struct age_identity *identities, size_t count);

/* NULL: no memory. */
struct wrap *wrap_copy(const struct wrap *wrap);

/* Wipes. NULL is fine. */
void wrap_free(struct wrap *wrap);

/* ---- changes ----------------------------------------------------------------------------------
 */

/* The node of NAME, NULL when there is none. */
struct wrap_node *wrap_find(const struct wrap_nodes *nodes, struct span name);

/* NAME is RECIPIENT's, whoever it was before. 0 or -ENOSPC. */
int wrap_put(struct wrap_nodes *nodes, struct span name, const struct age_recipient *recipient);

/* NAME is none of them any more. Non-zero when it was. */
int wrap_drop(struct wrap_nodes *nodes, struct span name);

int wrap_is_barred(const struct wrap *wrap, struct span name);

/* When there are too many, whoever was barred first is not any more. */
void wrap_bar(struct wrap *wrap, struct span name);
void wrap_unbar(struct wrap *wrap, struct span name);

/* Recipients, split by blanks. 0, -EINVAL with *error, or -E2BIG with *error. */
int wrap_set_recovery(struct wrap *wrap, const char *recipients, struct error *error);

/* A new root key in front of the others. 0, or -ENOSPC: there are ROOTKEY_MAX already. */
int wrap_renew(struct wrap *wrap);

/* Leave only the newest: the others open nothing more, but who knows one still knows us. */
void wrap_settle(struct wrap *wrap);

/* ---- questions --------------------------------------------------------------------------------
 */

/* Non-zero when whoever wrote NEXT knew a root key of WRAP's: else anybody may have written it. */
int wrap_follows(const struct wrap *wrap, const struct wrap *next);

/* Non-zero when RECIPIENT is a node that is in under NAME. */
int wrap_has(const struct wrap *wrap, struct span name, const struct age_recipient *recipient);

/* ---- sealed -----------------------------------------------------------------------------------
 */

/*
 * Seal it to every node that is in, to who may recover it and to its own public half, for whoever
 * holds the root key itself. 0 with *ret of *length bytes, to be freed, or -errno.
 */
int wrap_seal(const struct wrap *wrap, char **ret, size_t *length);

/* As age_whole_open(), then as wrap_json_read(). */
int wrap_open(struct arena *arena, const struct age_identity *identities, size_t count,
              struct span sealed, struct wrap **ret, struct error *error);

/* "auto", "approve", "manual". */
const char *wrap_mode_name(enum root_mode mode);

#endif
