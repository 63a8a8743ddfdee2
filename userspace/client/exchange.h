/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the daemon and its answers, one after the other on a connection that is kept. An
 * answer is received into locked memory and nowhere else: whole, or piece by piece when it may be
 * too large for that. After any failure the connection is closed and the next request makes a new
 * one.
 */
#ifndef VSECM_CLIENT_EXCHANGE_H
#define VSECM_CLIENT_EXCHANGE_H

#include "client/head.h"

#include <stddef.h>

struct exchange {
    int fd; /* -1: not connected */
    int timeout_ms;
    const char *wrong; /* after -EPROTO or -EMSGSIZE: what is wrong with the answer, a constant */
    char *buffer;      /* locked; what has arrived of the answer's header, and what came with it */
    size_t used;       /* bytes of it */
    char path[108];
};

/* Where the body of a success goes that is not kept whole. */
struct exchange_sink {
    /*
     * Take the next LENGTH bytes, at least one, which are gone when this returns. Not 0: it cannot,
     * and knows why; then nothing more comes.
     */
    int (*take)(void *context, const char *data, size_t length);
    void *context;
};

struct exchange_request {
    const char *method;
    const char *target; /* as it goes on the wire: percent-encoded */
    const void *body;   /* not copied; may be secret */
    size_t length;
    const int *files; /* descriptors that go with the body, once the daemon asks for it */
    size_t file_count;
    bool repeats;                     /* done twice is done once, though it is no GET */
    size_t limit;                     /* bytes of a whole body that are too many above it */
    const struct exchange_sink *sink; /* for the body of a status below 300; NULL: it comes whole */
};

struct exchange_answer {
    struct head head;
    char *body; /* head.length bytes and a NUL, locked; NULL once cleared, or when a sink had it */
};

/*
 * Connect to the daemon's socket at PATH. TIMEOUT_MS bounds the wait for an answer, and for each
 * piece that a sink gets. Returns 0 with *ret to be given to exchange_close(), or -errno with
 * nothing to be released.
 */
int exchange_open(struct exchange *ret, const char *path, int timeout_ms);

/*
 * Send REQUEST and receive its answer, of any status. A GET, or what `repeats`, on a kept
 * connection that proves to be dead is sent once more on a new one. Returns 0 with *ret to be
 * cleared, and then a sink has had every byte; or, with *ret untouched: -EPROTO (malformed, or not
 * all of it came), -EMSGSIZE (over the limit), -ECANCELED (the sink refused), -ETIMEDOUT, -ENOMEM,
 * -EINVAL (target too long), or what the socket said.
 */
int exchange_run(struct exchange *exchange, const struct exchange_request *request,
                 struct exchange_answer *ret);

/* Wipe and release. A cleared answer is fine. */
void exchange_clear(struct exchange_answer *answer);

/* Close and release. One that is all zero but for fd = -1 is fine. */
void exchange_close(struct exchange *exchange);

#endif
