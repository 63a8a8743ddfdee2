/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replies on their way out. The replies of one round are collected in an outbox, which the server
 * has one of, and leave in one sendmsg(); what the socket does not take is queued as pending.
 */
#ifndef VSECM_SERVE_OUTBOX_H
#define VSECM_SERVE_OUTBOX_H

#include <stddef.h>

#include "limits.h"
#include "serve/reply.h"

struct outbox {
    size_t count;
    struct reply replies[LIMIT_PIPELINE];
};

struct pending;

/* An empty reply at the end of OUTBOX, to be filled; there is always room after outbox_send(). */
struct reply *outbox_add(struct outbox *outbox);

static inline int outbox_is_full(const struct outbox *outbox)
{
    return outbox->count == LIMIT_PIPELINE;
}

/*
 * Send everything to FD, behind what *PENDING already holds; what is not taken at once is added to
 * it. The outbox is empty afterwards. 0 when all has left, 1 when some is pending, or -errno: the
 * connection is broken (or out of memory), close it.
 */
int outbox_send(struct outbox *outbox, int fd, struct pending **pending);

/* Go on sending. As outbox_send(); *progress is set to 1 when any byte was taken. */
int outbox_send_pending(int fd, struct pending **pending, int *progress);

/* Release what is pending. */
void outbox_drop(struct pending **pending);

#endif
