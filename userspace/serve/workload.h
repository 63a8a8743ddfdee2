/* SPDX-License-Identifier: BSD-2-Clause */
/* What a workload may ask: its secret, in three shapes, and who it is. */
#ifndef VSECM_SERVE_WORKLOAD_H
#define VSECM_SERVE_WORKLOAD_H

struct call;
struct reply;
struct service;

/* GET /workload/v1/secrets: {"data","created","updated"}. */
void workload_secret(struct service *service, struct call *call, struct reply *reply);

/* GET /v1/value: the bare bytes. */
void workload_value(struct service *service, struct call *call, struct reply *reply);

/* GET /v1/value/KEY: one member of a value that is a JSON object. */
void workload_member(struct service *service, struct call *call, struct reply *reply);

/* GET /v1/whoami: the caller as the daemon sees it, and why it is no workload if it is none. */
void workload_whoami(struct service *service, struct call *call, struct reply *reply);

#endif
