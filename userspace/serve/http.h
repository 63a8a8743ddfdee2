/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A strict reading of an HTTP/1.1 request head (RFC 9112), in place: nothing is copied, so a secret
 * in the body that follows never leaves the buffer it was received into. What two readers could
 * understand differently is refused.
 */
#ifndef VSECM_SERVE_HTTP_H
#define VSECM_SERVE_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct http_memo;
struct route;

/* Spans point into the buffer that was read. */
struct http_request {
    struct span method;
    struct span path;          /* of the target, as sent: still percent-encoded */
    struct span query;         /* behind the '?', empty when there is none */
    struct span if_none_match; /* empty when absent */
    struct span last_event_id; /* empty when absent */
    uint64_t content_length;
    int has_length;
    int expects_continue;   /* the client waits for "100 Continue" before it sends the body */
    int closes;             /* the client wants the connection closed after the answer */
    size_t head_length;     /* bytes up to and with the empty line */
    struct http_memo *memo; /* that remembers this head; NULL: none does */
};

#define HTTP_MORE 0     /* the head is not complete yet */
#define HTTP_COMPLETE 1 /* *ret is filled */

/*
 * Read the head at the start of LENGTH bytes at DATA. Returns HTTP_MORE, HTTP_COMPLETE, or the
 * negated status of the refusal (-400, -411, -431) with *why a static text; after a refusal nothing
 * that follows on the connection can be trusted, so it must be closed.
 */
int http_read(const char *data, size_t length, struct http_request *ret, const char **why);

/* The last head of a connection, for most ask the same again and again. All zero is an empty one.
 */
#define HTTP_MEMO 256
struct http_memo {
    size_t length;               /* of the head in text; 0: nothing is remembered */
    struct http_request request; /* its spans point into text */
    const struct route *route;   /* what it led to, kept here by whoever looked; NULL: nobody has */
    char text[HTTP_MEMO];
};

/*
 * As http_read(), but a head that is byte for byte the one in MEMO is not read again: the spans of
 * *ret then point into MEMO, and are good until the next call with it. A head in front of a body is
 * never remembered.
 */
int http_read_again(const char *data, size_t length, struct http_memo *memo,
                    struct http_request *ret, const char **why);

/*
 * Undo percent-encoding of TEXT into RET of SIZE bytes. The number of bytes, or -EINVAL for a bad
 * escape, a NUL or too little room.
 */
int http_decode(struct span text, char *ret, size_t size);

/* Non-zero when the list of entity tags LIST (or "*") has TAG, a quoted string (RFC 9110, 13.1.2).
 */
int http_etag_matches(struct span list, struct span tag);

#endif
