/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One list of the API server, told to the core: pods, bindings, secrets, nodes or the key. When the
 * core takes no more, the list is told again from its beginning once it does: nothing is lost.
 */
#ifndef VSECM_SYNC_FEED_H
#define VSECM_SYNC_FEED_H

#include <stdint.h>

#include "sync/reflector.h"
#include "wire/wire.h"

struct api;
struct feed;
struct loop;

enum feed_kind { FEED_PODS, FEED_BINDINGS, FEED_SECRETS, FEED_NODES, FEED_KEY, FEED_KINDS };

struct feed_options {
    enum feed_kind kind;
    struct loop *loop;
    struct api *api;
    const char *node; /* whose pods */
    /* Send MESSAGE to the core: 0 or -errno, after which the list begins anew. */
    int (*tell)(void *context, const struct wire_message *message);
    /* Non-zero when the core takes a good deal more. */
    int (*has_room)(void *context);
    /* The API server answers for this list, or does not. */
    void (*state)(void *context, enum feed_kind kind, int is_up, const char *why);
    /* An object was passed over, or a part of it, for the first time: which, and why. */
    void (*passed_over)(void *context, enum feed_kind kind, struct span name, const char *why);
    void *context;
};

struct feed_stats {
    struct reflector_stats reflector; /* over all beginnings */
    uint64_t passed_over;             /* objects that could not be told */
    uint64_t begun_anew;              /* as the core took no more */
};

/* "pods", as messages and metrics have it. */
const char *feed_name(enum feed_kind kind);

/* Where its list is, "/api/v1/pods". */
const char *feed_path(enum feed_kind kind);

/* NULL: out of memory. The list begins at once. */
struct feed *feed_new(const struct feed_options *options);

/* Something says that the API server is back. */
void feed_hurry(struct feed *feed);

void feed_read_stats(const struct feed *feed, struct feed_stats *ret);

/* Add MORE to *sum. */
void feed_add_stats(struct feed_stats *sum, const struct feed_stats *more);

/* NULL is fine. */
void feed_free(struct feed *feed);

#endif
