/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of an HTTP/1.1 reply, read strictly: what the daemon never sends is an error, not a
 * case to be clever about. Chunked replies are such a thing.
 */
#ifndef VSECM_CLIENT_HEAD_H
#define VSECM_CLIENT_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct head {
    int status;             /* 200 to 599 */
    size_t length;          /* bytes of the body that follows */
    bool endless;           /* no length was said: the body ends with the connection */
    bool close;             /* the daemon closes the connection after it */
    uint64_t version;       /* of the secret; 0 when not said */
    unsigned retry_after_s; /* seconds to leave the daemon alone; 0 when not said */
    char created[32];       /* RFC 3339; "" when not said */
    char updated[32];
    char notice[256]; /* for people, printable ASCII, cut to fit; "" when there is none */
};

/*
 * Read TEXT: a status line, fields, and the empty line, LENGTH bytes in all. Returns NULL, or what
 * is wrong with it as a constant text that follows "the answer"; then *ret means nothing.
 */
const char *head_parse(const char *text, size_t length, struct head *ret);

#endif
