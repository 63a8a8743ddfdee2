/* SPDX-License-Identifier: BSD-2-Clause */
/* The root key: brought, changed, its public half told. */
#ifndef VSECM_SERVE_KEYS_H
#define VSECM_SERVE_KEYS_H

struct call;
struct reply;
struct service;

/* GET /v1/recipient: whom to seal values to. Public: it opens nothing. */
void keys_recipient(struct service *service, struct call *call, struct reply *reply);

/* POST /sentinel/v1/keys: unseal the store. */
void keys_unseal(struct service *service, struct call *call, struct reply *reply);

/* POST /v1/admin/rekey: seal everything anew, for another root key. */
void keys_rekey(struct service *service, struct call *call, struct reply *reply);

#endif
