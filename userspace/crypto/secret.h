/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes in the arena, counted: a value that is replaced or deleted lives on until the last reply
 * that carries it has left, and is wiped then.
 */
#ifndef VSECM_CRYPTO_SECRET_H
#define VSECM_CRYPTO_SECRET_H

#include <stddef.h>

struct arena;

struct secret {
    struct arena *arena;
    unsigned references;
    size_t length;
    char *data; /* in the arena */
};

/* LENGTH (at least 1) zeroed bytes with one reference. NULL: the arena is full, or no memory. */
struct secret *secret_new(struct arena *arena, size_t length);

struct secret *secret_ref(struct secret *secret);

/* Give a reference back; the last one wipes. NULL is fine. */
void secret_unref(struct secret *secret);

#endif
