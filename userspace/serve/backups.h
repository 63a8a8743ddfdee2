/* SPDX-License-Identifier: BSD-2-Clause */
/* GET /v1/admin/backup[?recipient=age1…]: everything, sealed, as of now. */
#ifndef VSECM_SERVE_BACKUPS_H
#define VSECM_SERVE_BACKUPS_H

struct call;
struct reply;
struct service;

/* Sealed to the root key, which any administrator may have; to others where `reveal` allows it. */
void backups_get(struct service *service, struct call *call, struct reply *reply);

#endif
