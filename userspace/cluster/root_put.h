/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VSecMKey as it should be, written with the resource version that it was made from: of two
 * nodes that change it one is first, and the other looks again. Nothing is in force before the API
 * server has it.
 */
#ifndef VSECM_CLUSTER_ROOT_PUT_H
#define VSECM_CLUSTER_ROOT_PUT_H

struct root;

/* There is none, and none is known: make one. */
void root_put_first(struct root *root);

/* Bring what is known and what is wished into the cluster, when that is more than is there. */
void root_put_changes(struct root *root);

/* The VSecMKey may be another: a change whose answer was lost is looked for in it. */
void root_put_seen(struct root *root);

void root_put_done(struct root *root);

#endif
