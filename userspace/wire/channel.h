/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages over a connected stream socket, both ways, in the loop. All memory they take is wiped
 * before it is given back.
 */
#ifndef VSECM_WIRE_CHANNEL_H
#define VSECM_WIRE_CHANNEL_H

#include <stddef.h>

#include "wire/wire.h"

struct channel;
struct error;
struct loop;

/* Where its bytes lie: the heap, or for whoever passes plaintext on, secret memory. */
struct channel_memory {
    void *(*alloc)(void *context, size_t size);
    void (*free)(void *context, void *memory, size_t size);
    void *context;
};

struct channel_options {
    enum wire_side side;                 /* ours */
    const struct channel_memory *memory; /* outlives the channel; NULL: the heap */
    /* The fields live until it returns. It may close the channel. */
    void (*message)(void *context, const struct wire_message *message);
    /* The other end is gone, or said what is no message (WHY). The channel may be freed in it. */
    void (*closed)(void *context, const char *why);
    void *context;
};

/*
 * Serve FD, which is the channel's from now on, whatever happens. 0 with *ret the caller's, or
 * -errno.
 */
int channel_new(struct loop *loop, int fd, const struct channel_options *options,
                struct channel **ret);

/*
 * Send MESSAGE, all of which is copied. 0; -EMSGSIZE: a field has more bytes than its kind takes;
 * -ENOBUFS: LIMIT_WIRE_QUEUE bytes are on their way already; -ENOMEM; -EPIPE: it was closed.
 */
int channel_send(struct channel *channel, const struct wire_message *message);

/* Bytes that wait to be sent. */
size_t channel_queued(const struct channel *channel);

/* Closes the socket. Safe within its own callbacks. NULL is fine. */
void channel_free(struct channel *channel);

#endif
