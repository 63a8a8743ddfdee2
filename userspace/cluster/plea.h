/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a node asks to be let in: its name, its recipient and the token that proves it, sealed to the
 * root key, so that only a node that is in can look at it.
 */
#ifndef VSECM_CLUSTER_PLEA_H
#define VSECM_CLUSTER_PLEA_H

#include <stddef.h>

#include "base/span.h"
#include "crypto/age_key.h"
#include "limits.h"

struct arena;
struct cJSON;
struct error;
struct writer;

#define PLEA_BEGINNING "{\"v\":1,\"node\":" /* of each payload */

struct plea {
    struct span node;
    struct age_recipient recipient;
    struct span token;  /* secret */
    struct cJSON *json; /* of one that was read: where the spans lead */
};

/* The payload, which is secret. */
void plea_write(struct writer *w, const struct plea *plea);

/* On 0 *ret is to be given to plea_done(). -EINVAL with *error, -ENOSPC. */
int plea_read(struct span payload, struct plea *ret, struct error *error);

/* 0 with *ret of *length bytes, to be freed, or as age_whole_make(). */
int plea_seal(struct arena *arena, const struct plea *plea, const struct age_recipient *root,
              char **ret, size_t *length);

/* As age_whole_open(), then as plea_read(). */
int plea_open(struct arena *arena, const struct age_identity *identities, size_t count,
              struct span sealed, struct plea *ret, struct error *error);

/* Wipes. */
void plea_done(struct plea *plea);

#endif
