/* SPDX-License-Identifier: BSD-2-Clause */
/* As much of an HTTP client as the benchmark needs outside of its timed parts. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include "base/error.h"

#include <stddef.h>

#define HTTP_REPLY_MAX (64u * 1024u)
#define HTTP_GET_SECRET "GET /workload/v1/secrets HTTP/1.1\r\nHost: vsecm\r\n\r\n"
#define HTTP_SUCCESS "HTTP/1.1 200 " /* how the reply that counts begins */

/* One whole reply: head and body, exactly as it came over the wire. */
struct http_reply {
    size_t length;
    size_t head;                    /* bytes up to the body */
    char bytes[HTTP_REPLY_MAX + 1]; /* NUL-terminated */
};

/*
 * Send REQUEST of LENGTH bytes over the connected FD and read one reply, which must carry a
 * Content-Length and nothing behind it. -EBADMSG when it is not a success; -errno.
 */
int http_exchange(int fd, const char *request, size_t length, struct http_reply *reply,
                  struct error *error);

/* The same with memory of the caller's: up to MAX bytes and a NUL; *got and *head as above. */
int http_exchange_in(int fd, const char *request, size_t length, char *bytes, size_t max,
                     size_t *got, size_t *head, struct error *error);

/* How long REPLY is, NUL-terminated as far as it has come, and its head; 0: there is no head yet.
 */
size_t http_whole_length(const char *reply, size_t *head);

#define HTTP_NEVER "never"

/*
 * The request that stores VALUE, plain text that needs no quoting in JSON, for NAMESPACE/WORKLOAD
 * until EXPIRES ("+1h", HTTP_NEVER): *length bytes, malloc'd. NULL: out of memory.
 */
char *http_put_request(const char *name_space, const char *workload, const char *value,
                       const char *expires, size_t *length);

/* Make that request over FD. -errno with ERROR filled. */
int http_put(int fd, const char *name_space, const char *workload, const char *value,
             struct error *error);

#endif
