/* SPDX-License-Identifier: BSD-2-Clause */
/* The nodes of the cluster: who knows its root key, who waits for it, who is not to any more. */
#ifndef VSECM_SERVE_NODES_H
#define VSECM_SERVE_NODES_H

struct call;
struct error;
struct reply;
struct service;

/* GET /v1/admin/nodes */
void nodes_list(struct service *service, struct call *call, struct reply *reply);

/* POST /v1/admin/nodes: approve one, or remove one. */
void nodes_change(struct service *service, struct call *call, struct reply *reply);

/* RESULT (negative) of root_approve(), root_rekey() and their like, and WHY for the caller. */
void nodes_refuse(struct call *call, int result, const struct error *why, struct reply *reply);

#endif
