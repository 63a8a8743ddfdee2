/* SPDX-License-Identifier: BSD-2-Clause */
/* A backup brought back, in pieces, then applied. */
#ifndef VSECM_SERVE_RESTORES_H
#define VSECM_SERVE_RESTORES_H

struct call;
struct reply;
struct service;

/* POST /v1/admin/restore?offset=N: the next piece of the sealed file. */
void restores_receive(struct service *service, struct call *call, struct reply *reply);

/* POST /v1/admin/restore/apply: do it, or only say what would change. */
void restores_apply(struct service *service, struct call *call, struct reply *reply);

#endif
