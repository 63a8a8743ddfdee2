/* SPDX-License-Identifier: BSD-2-Clause */
/* GET /v1/admin/status: how the daemon is, in numbers. */
#ifndef VSECM_SERVE_STATUS_H
#define VSECM_SERVE_STATUS_H

struct call;
struct reply;
struct service;

void status_show(struct service *service, struct call *call, struct reply *reply);

#endif
