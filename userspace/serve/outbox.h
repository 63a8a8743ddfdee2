/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies of one connection on their way out, in order. They are collected during a turn of the
 * loop and leave together at its end: replies that leave one by one, while the next request is
 * still being looked at, let each reader fall asleep in between and have to be woken for each.
 */
#ifndef VSECM_SERVE_OUTBOX_H
#define VSECM_SERVE_OUTBOX_H

#include <stddef.h>

#include "serve/reply.h"

struct queued;

/* All zero is an empty one. */
struct outbox {
    struct queued *first;
    struct queued *last;
    size_t count;
    size_t sent; /* bytes of the first reply that have left */
};

/*
 * Used replies, kept to be used again; shared by all outboxes of a thread. All zero is an empty
 * one.
 */
struct outbox_pool {
    struct queued *free;
    size_t count;
};

/* An empty reply at the end of OUTBOX, to be filled. NULL: out of memory. */
struct reply *outbox_add(struct outbox *outbox, struct outbox_pool *pool);

/* Take back the reply added last, which holds nothing. */
void outbox_take_back(struct outbox *outbox, struct outbox_pool *pool);

/*
 * Send to FD as much as it takes. 0 when all has left, 1 when some has not because the socket is
 * full, OUTBOX_GIVES_WAY when it gives way to other connections in the midst of a long body: call
 * it again in the next turn. -errno: the connection is broken, close it. *progress is set to 1 when
 * any byte was taken.
 */
#define OUTBOX_GIVES_WAY 2
int outbox_send(struct outbox *outbox, struct outbox_pool *pool, int fd, int *progress);

/* Bytes that the replies in OUTBOX hold, until their last byte has left. */
size_t outbox_memory(const struct outbox *outbox);

/* Release everything in OUTBOX, sent or not. */
void outbox_drop(struct outbox *outbox, struct outbox_pool *pool);

/* Release the pool itself. */
void outbox_free_pool(struct outbox_pool *pool);

#endif
