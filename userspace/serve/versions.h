/* SPDX-License-Identifier: BSD-2-Clause */
/* The versions of a secret, for administrators. */
#ifndef VSECM_SERVE_VERSIONS_H
#define VSECM_SERVE_VERSIONS_H

struct call;
struct reply;
struct service;

/* GET /v1/admin/history?key=NS/WORKLOAD: numbers, times and states, newest first; no value. */
void versions_list(struct service *service, struct call *call, struct reply *reply);

/* GET /v1/admin/value?key=NS/WORKLOAD[&version=N]: the bare bytes, where `reveal` allows it. */
void versions_value(struct service *service, struct call *call, struct reply *reply);

/* POST /v1/admin/rollback: a new version with the value of an older one. */
void versions_rollback(struct service *service, struct call *call, struct reply *reply);

#endif
