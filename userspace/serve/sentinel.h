/* SPDX-License-Identifier: BSD-2-Clause */
/* What an administrator may do with secrets: store them, delete them. */
#ifndef VSECM_SERVE_SENTINEL_H
#define VSECM_SERVE_SENTINEL_H

struct call;
struct reply;
struct service;

/* POST /sentinel/v1/secrets: all the named secrets get the value, or none does. "OK" for each. */
void sentinel_put(struct service *service, struct call *call, struct reply *reply);

/* DELETE /sentinel/v1/secrets: all the named secrets go, or none when one is unknown. */
void sentinel_delete(struct service *service, struct call *call, struct reply *reply);

#endif
