/* SPDX-License-Identifier: BSD-2-Clause */
/* The root key: brought, changed, its public half told. */
#ifndef VSECM_SERVE_KEYS_H
#define VSECM_SERVE_KEYS_H

struct age_recipient;
struct call;
struct reply;
struct service;

/* Whom to seal to; NULL with a refusal in *reply while that is not known. */
const struct age_recipient *keys_need(struct service *service, struct call *call,
                                      struct reply *reply);

/* GET /v1/recipient: whom to seal values to. Public: it opens nothing. */
void keys_recipient(struct service *service, struct call *call, struct reply *reply);

/* POST /sentinel/v1/keys: unseal the store, or in a cluster bring its root key. */
void keys_unseal(struct service *service, struct call *call, struct reply *reply);

/* POST /v1/admin/rekey: seal everything anew, for another root key; in a cluster, begin that. */
void keys_rekey(struct service *service, struct call *call, struct reply *reply);

#endif
