/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests to the Kubernetes API server: HTTP/2 over TLS 1.3 by libcurl, in the loop. The token is
 * read anew when its file changes (sync/bearer.h), and a request that it was refused for is made
 * once more. No answer is kept whole that is larger than it may be.
 */
#ifndef VSECM_SYNC_API_H
#define VSECM_SYNC_API_H

#include <stddef.h>

#include "base/span.h"

struct api;
struct api_call;
struct error;
struct loop;

struct api_options {
    struct loop *loop;
    const char *url;   /* "https://10.96.0.1:443", no slash at the end */
    const char *token; /* a file; NULL: none is sent */
    const char *ca;    /* a file: certificates that may have signed the server's */
    const char *cert;  /* of a client, with KEY, for use outside of a cluster; NULL: none */
    const char *key;
};

/* How a call ended. */
struct api_end {
    int status;        /* of HTTP; 0: there was no answer, or it was not whole */
    const char *why;   /* for people, "" after a 2xx; no token, no part of a body that was sent */
    struct span body;  /* whole, at most the call's max; a stream's was given in pieces. Of a
                         refusal: what came of it, for it may be cut. */
    unsigned retry_ms; /* the server asks not to be asked for so long (Retry-After); 0: no */
};

/*
 * Pieces of the answer's body, once its status is 2xx; the first is empty and says just that. Here,
 * too, calls may be begun and cancelled, this one as well. Non-zero ends the call.
 */
typedef int api_piece(void *context, struct span bytes);
/* Called exactly once, last, from the loop, never from within api_call(). */
typedef void api_done(void *context, const struct api_end *end);

/* 0 with *ret the caller's, or -errno with *error. */
int api_new(const struct api_options *options, struct api **ret, struct error *error);

struct api_request {
    const char *method;
    const char *path;    /* with its query, percent-encoded already */
    const char *type;    /* Content-Type of the body; NULL: JSON */
    const char *accept;  /* NULL: JSON */
    struct span body;    /* copied, and wiped when the call is over; empty: none */
    size_t max;          /* bytes of a 2xx answer that is kept whole; more ends the call */
    unsigned timeout_ms; /* of all of it; 0: LIMIT_API_MS */
    unsigned silence_ms; /* a stream that says nothing for so long has ended; 0: no limit */
    api_piece *piece;    /* NULL: the body is kept */
    api_done *done;
    void *context;
};

/*
 * Begin a request. 0 with *ret (may be NULL) for api_cancel(), which is good until done(); or
 * -errno: then nothing is called.
 */
int api_call(struct api *api, const struct api_request *request, struct api_call **ret);

/* It ends without a call of done(). NULL is fine. */
void api_cancel(struct api_call *call);

/* Cancels what is under way. Not from a piece() or done(). NULL is fine. */
void api_free(struct api *api);

#endif
