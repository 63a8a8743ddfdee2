/* SPDX-License-Identifier: BSD-2-Clause */
/* GET /sentinel/v1/secrets: what secrets there are, and on demand their values, sealed. */
#ifndef VSECM_SERVE_LISTING_H
#define VSECM_SERVE_LISTING_H

struct call;
struct reply;
struct service;

/*
 * Names, versions and times. With ?reveal=true or ?encrypted=true each value too, sealed to the
 * root key and to nobody else, so that it tells its reader no more than a backup does.
 */
void listing_get(struct service *service, struct call *call, struct reply *reply);

#endif
