/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the core asks of the API server: each request ends in exactly one answer, a few are under
 * way at once, and none takes longer than the core waits for it.
 */
#ifndef VSECM_SYNC_REQUESTS_H
#define VSECM_SYNC_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "wire/wire.h"

struct api;
struct requests;

struct requests_options {
    struct api *api;
    const char *node;            /* this node's name */
    const char *namespace;       /* where the objects of this program are */
    const char *admission_token; /* a file; NULL: there is none */
    /* Send MESSAGE to the core. It may not free the requests. */
    void (*reply)(void *context, const struct wire_message *message);
    /* A Secret is about to be written or deleted by us, and has been: with its resource version
     * now, empty when that failed, or IS_GONE. */
    void (*exporting)(void *context, struct span namespace, struct span name);
    void (*exported)(void *context, struct span namespace, struct span name,
                     struct span resource_version, int is_gone);
    void *context;
};

struct requests_stats {
    uint64_t by_class[6]; /* answers of the API server: 0 for none, 2 for 2xx and so on */
    uint64_t refused;     /* as there was too much under way */
};

/* NULL: out of memory. */
struct requests *requests_new(const struct requests_options *options);

/* Begin what MESSAGE asks for. Non-zero when it was a request, 0 when it is of another kind. */
int requests_take(struct requests *requests, const struct wire_message *message);

void requests_read_stats(const struct requests *requests, struct requests_stats *ret);

/* Whatever is under way ends, with no answer: nobody is there to be told. NULL is fine. */
void requests_free(struct requests *requests);

#endif
