/* SPDX-License-Identifier: BSD-2-Clause */
/* Values that travel sealed ("encrypt"): the public half of the root key is enough to make one. */
#ifndef VSECM_SERVE_SEALED_VALUE_H
#define VSECM_SERVE_SEALED_VALUE_H

struct call;
struct error;
struct put_request;
struct reply;
struct service;

/*
 * Replace the sealed value of REQUEST, which names keys, by what is in it. The value is an age
 * file: armoured, in base64, or as it is where the body's encoding was base64. 0; -EINVAL or
 * -EFBIG with *error, or -ENOSPC: then REQUEST was given to put_request_done().
 */
int sealed_value_take(struct service *service, struct put_request *request, struct error *error);

/* Answer REQUEST, which names no key, with its value sealed to the root key, in base64. */
void sealed_value_reply(struct service *service, const struct put_request *request,
                        struct call *call, struct reply *reply);

#endif
