/* SPDX-License-Identifier: BSD-2-Clause */
/* A new version of a VSecMSecret, written over the object as it is. */
#ifndef VSECM_SYNC_REVISE_H
#define VSECM_SYNC_REVISE_H

#include "wire/wire.h"

struct cJSON;
struct error;

/*
 * OBJECT, whole, as the API server gave it, becomes what PUT (a WIRE_PUT) wants: the value it had
 * goes to the front of spec.history, which keeps at most as many rows as PUT says and as fit an
 * object; the rest of it stays. 0; -ENOMEM; -EINVAL with *error: OBJECT cannot be read.
 */
int revise_secret(struct cJSON *object, const struct wire_message *put, struct error *error);

#endif
