/* SPDX-License-Identifier: BSD-2-Clause */
/* VSecMSecrets of the API, as messages to the core. Nothing of what they claim is believed here. */
#ifndef VSECM_SYNC_TRANSLATE_SECRET_H
#define VSECM_SYNC_TRANSLATE_SECRET_H

#include "wire/wire.h"

struct cJSON;
struct error;

/* Digits that a message points into; the caller's. */
struct translate_secret_room {
    char generation[24];
    char version[24];
};

/*
 * OBJECT has at least its metadata: *ret is a WIRE_SEEN, which lives as long as OBJECT and ROOM. 0;
 * 1 with *error when annotations are beyond their limit, which are left out: whoever may write them
 * could hide the object from every node else, and they are only claims; -EINVAL with *error.
 */
int translate_secret_seen(const struct cJSON *object, struct translate_secret_room *room,
                          struct wire_message *ret, struct error *error);

/* Likewise, a WIRE_GONE. */
int translate_secret_gone(const struct cJSON *object, struct wire_message *ret,
                          struct error *error);

/* OBJECT is whole: *ret is a WIRE_SECRET, which lives as long as OBJECT and ROOM. */
int translate_secret_whole(const struct cJSON *object, struct translate_secret_room *room,
                           struct wire_message *ret, struct error *error);

/*
 * The version that is in force, from the annotations and spec.sealed of OBJECT: a WIRE_VERSION.
 * There may be none (-ENOENT).
 */
int translate_secret_newest(const struct cJSON *object, struct wire_message *ret,
                            struct error *error);

/* ROW is an item of spec.history: likewise. */
int translate_secret_row(const struct cJSON *row, struct translate_secret_room *room,
                         struct wire_message *ret, struct error *error);

#endif
