/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stanza of an age header (age-encryption.org/v1, "Recipient stanza"): a line of arguments and
 * a body in base64, wrapped at 64 columns, whose last line is shorter.
 */
#ifndef VSECM_CRYPTO_AGE_STANZA_H
#define VSECM_CRYPTO_AGE_STANZA_H

#include <stddef.h>

#include "base/span.h"

struct error;
struct writer;

#define AGE_STANZA_ARGUMENTS 3u /* that are kept; the types we know have no more */
#define AGE_STANZA_BODY 32u     /* bytes that are kept, likewise */

struct age_stanza {
    struct span arguments[AGE_STANZA_ARGUMENTS]; /* in the text that was read */
    size_t count;                                /* of all arguments */
    unsigned char body[AGE_STANZA_BODY];
    size_t length; /* of the whole body */
};

/*
 * Cut one line, without its newline, off the front of *REST. 0, or -EAGAIN when it does not end
 * there.
 */
int age_stanza_line(struct span *rest, struct span *ret);

/*
 * Read a stanza and cut it off the front of *REST. 0, or -EAGAIN when it does not end there, or
 * -EINVAL with *error set.
 */
int age_stanza_read(struct span *rest, struct age_stanza *ret, struct error *error);

/* Write a stanza of COUNT arguments and a body of at most 47 bytes. */
void age_stanza_write(struct writer *writer, const struct span *arguments, size_t count,
                      const void *body, size_t length);

#endif
