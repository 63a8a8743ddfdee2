/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON that holds a secret, written into locked memory of exactly its size: cJSON would copy the
 * secret into ordinary memory.
 */
#ifndef VSECM_CLI_ENCODE_H
#define VSECM_CLI_ENCODE_H

#include <stddef.h>

struct writer;

struct encode {
    char *data; /* locked, `length` bytes; NULL once cleared */
    size_t length;
};

/*
 * Call WRITE twice with ARGUMENT, first to count, then to write the same again. 0 with *ret to be
 * cleared, or -ENOMEM.
 */
int encode_with(void (*write)(struct writer *writer, const void *argument), const void *argument,
                struct encode *ret);

/*
 * Write `"NAME":"..."`: the bytes as text when they are UTF-8 without a NUL, else as base64 with
 * `,"encoding":"base64"` behind it. DATA may be secret, NAME needs no escaping.
 */
void encode_value(struct writer *writer, const char *name, const char *data, size_t length);

/* Write `"NAME":"..."` with the bytes as base64, and no word about that. */
void encode_base64(struct writer *writer, const char *name, const char *data, size_t length);

/* Write `,"NAME":"TEXT"` of a user's word, which is no secret; nothing when TEXT is NULL. */
void encode_option(struct writer *writer, const char *name, const char *text);

/* Wipe and release. A cleared one is fine. */
void encode_clear(struct encode *encode);

#endif
