/* SPDX-License-Identifier: BSD-2-Clause */
/* Values that travel sealed ("encrypt"): the public half of the root key is enough to make one. */
#ifndef VSECM_SERVE_SEALED_VALUE_H
#define VSECM_SERVE_SEALED_VALUE_H

#include <stddef.h>

#include "base/span.h"

struct age_recipient;
struct arena;
struct call;
struct error;
struct put_request;
struct reply;
struct service;

/*
 * Replace the sealed value of the request in the scratch by what is in it. The value is an age
 * file: armoured, in base64, or as it is where the body's encoding was base64. What the list gave
 * of a key goes back to that key only, except for who may read values anyway: else whoever may
 * store but not read could have any value opened into a secret of its own. 0; -EACCES, -EINVAL or
 * -EFBIG with *error, or -ENOSPC: then the request was given to put_request_done().
 */
int sealed_value_take(struct service *service, const struct call *call, struct error *error);

/* Bytes of the age file that sealed_value_seal() makes, at most. */
size_t sealed_value_size(struct span key, size_t length);

/*
 * VALUE of KEY as an age file for TO that says whose it is, in clear but not to be changed, in
 * *ret: malloc'd, the caller's, *size bytes. With an empty KEY it does not say. 0, -ENOSPC (arena)
 * or -ENOMEM.
 */
int sealed_value_seal(struct arena *arena, const struct age_recipient *to, struct span key,
                      struct span value, char **ret, size_t *size);

/* Answer REQUEST, which names no key, with its value sealed to the root key, in base64. */
void sealed_value_reply(struct service *service, const struct put_request *request,
                        struct call *call, struct reply *reply);

#endif
