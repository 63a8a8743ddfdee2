/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET /sentinel/v1/keystone: whether the Sentinel's init commands have run on this store. They end
 * by storing a secret, the keystone, so that is what there is to look for.
 */
#ifndef VSECM_SERVE_KEYSTONE_H
#define VSECM_SERVE_KEYSTONE_H

struct call;
struct reply;
struct service;

/* {"status":"pending"} or "ready", and the keystone's key, which is in the Sentinel's namespace. */
void keystone_get(struct service *service, struct call *call, struct reply *reply);

#endif
