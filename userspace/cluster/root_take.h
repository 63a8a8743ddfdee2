/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VSecMKey as it comes. Whoever wrote it must have known a root key that this node knows, and
 * it must be newer: else the known one goes on. A node that knows none trusts the first that it can
 * open.
 */
#ifndef VSECM_CLUSTER_ROOT_TAKE_H
#define VSECM_CLUSTER_ROOT_TAKE_H

#include <stddef.h>

struct root;
struct wire_message;
struct wrap;

/* WIRE_KEY, WIRE_KEY_GONE; RESET and SYNCED of "key"; the connection was lost. */
void root_take_object(struct root *root, const struct wire_message *message);
void root_take_gone(struct root *root);
void root_take_reset(struct root *root);
void root_take_synced(struct root *root);
void root_take_lost(struct root *root);

/* Look at the object that is known. */
void root_take_judge(struct root *root);

/* NEXT is in force, SEALED (malloc'd, LENGTH bytes) is what was opened: both are the root's now. */
void root_take_accept(struct root *root, struct wrap *next, char *sealed, size_t length);

/* What lies in the file. */
void root_take_copy(struct root *root);

#endif
