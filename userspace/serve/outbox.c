/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/outbox.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "limits.h"

#define POOL_MAX 64u /* replies kept for reuse: what one turn of the loop needs at most, mostly */

struct queued {
    struct queued *next;
    struct reply reply;
};

struct reply *outbox_add(struct outbox *outbox, struct outbox_pool *pool)
{
    struct queued *queued = pool->free;
    if (queued) {
        pool->free = queued->next;
        pool->count--;
        queued->next = NULL;
    } else if (!(queued = calloc(1, sizeof *queued))) {
        return NULL;
    }
    if (outbox->last)
        outbox->last->next = queued;
    else
        outbox->first = queued;
    outbox->last = queued;
    outbox->count++;
    return &queued->reply;
}

static void give_back(struct outbox_pool *pool, struct queued *queued)
{
    reply_done(&queued->reply);
    if (pool->count == POOL_MAX) {
        free(queued);
        return;
    }
    queued->next = pool->free;
    pool->free = queued;
    pool->count++;
}

static void drop_first(struct outbox *outbox, struct outbox_pool *pool)
{
    struct queued *first = outbox->first;
    outbox->first = first->next;
    if (!outbox->first)
        outbox->last = NULL;
    outbox->count--;
    outbox->sent = 0;
    give_back(pool, first);
}

void outbox_take_back(struct outbox *outbox, struct outbox_pool *pool)
{
    struct queued *last = outbox->last;
    struct queued *before = outbox->first == last ? NULL : outbox->first;
    while (before && before->next != last)
        before = before->next;
    if (before)
        before->next = NULL;
    else
        outbox->first = NULL;
    outbox->last = before;
    outbox->count--;
    give_back(pool, last);
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

/* What a descriptor travels in (unix(7), SCM_RIGHTS). */
union passed {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

static void attach(struct msghdr *message, union passed *passed, int fd)
{
    *passed = (union passed){.header = {.cmsg_len = CMSG_LEN(sizeof fd),
                                        .cmsg_level = SOL_SOCKET,
                                        .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&passed->header), &fd, sizeof fd);
    message->msg_control = passed;
    message->msg_controllen = sizeof *passed;
}

/* Bytes taken, 0 when the socket is full, or -errno. PASSED goes with the first, unless it is -1.
 */
static ssize_t transmit(int fd, struct iovec *at, size_t count, int passed)
{
    struct msghdr message = {.msg_iov = at, .msg_iovlen = count};
    union passed control;
    if (passed >= 0)
        attach(&message, &control, passed);
    for (;;) {
        /* send() spares the kernel a header to copy in: about 3 % of a small answer. */
        ssize_t n = count == 1 && passed < 0
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

/* Non-zero when all there is was one ready answer and the socket took it whole: the usual case. */
static int send_at_once(struct outbox *outbox, struct outbox_pool *pool, int fd, int *progress)
{
    const struct reply *reply = &outbox->first->reply;
    if (outbox->count != 1 || outbox->sent || reply->text_length || reply->source)
        return 0;
    ssize_t n = send(fd, reply->part.data, reply->part.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
        return 0; /* the long way finds out why */
    *progress |= n > 0;
    outbox->sent = (size_t)n;
    if (outbox->sent < reply->part.length)
        return 0;
    drop_first(outbox, pool);
    return 1;
}

/* The next piece of a body that is made while it leaves. 1, 0 at its end, or -errno. */
static int refill(struct outbox *outbox, struct reply *reply)
{
    struct span piece = {NULL, 0};
    int r = reply->source->next(reply->source, &piece);
    reply->text_length = 0;
    reply->part = piece;
    outbox->sent = 0;
    return r < 0 ? r : piece.length > 0;
}

/* Drop what has left. 1 when the first has got another piece, 0, or -errno. */
static int advance(struct outbox *outbox, struct outbox_pool *pool)
{
    while (outbox->first && outbox->sent >= size_of(&outbox->first->reply)) {
        size_t rest = outbox->sent - size_of(&outbox->first->reply);
        int r = outbox->first->reply.source ? refill(outbox, &outbox->first->reply) : 0;
        if (r != 0)
            return r;
        drop_first(outbox, pool);
        outbox->sent = rest;
    }
    return 0;
}

static int is_slow(const struct queued *queued)
{
    return queued->reply.source && queued->reply.source->is_slow;
}

int outbox_send(struct outbox *outbox, struct outbox_pool *pool, int fd, int *progress)
{
    size_t moved = 0;
    int given = 0;
    if (!outbox->first || send_at_once(outbox, pool, fd, progress))
        return 0;
    while (outbox->first) {
        struct iovec at[2 * LIMIT_PIPELINE];
        size_t count = 0, total = 0, sent = outbox->sent;
        struct reply *first = &outbox->first->reply;
        int passed = first->passes_fd && !sent ? first->fd : -1;
        for (const struct queued *q = outbox->first; q && count + 2 <= 2 * LIMIT_PIPELINE;
             q = q->next, sent = 0) {
            count += pieces(&q->reply, sent, at + count);
            total += size_of(&q->reply) - sent;
            if (q->reply.source) /* what is behind it has to wait for its end */
                break;
            if (q->next && q->next->reply.passes_fd) /* it must be the first */
                break;
        }
        ssize_t taken = transmit(fd, at, count, passed);
        if (taken < 0)
            return (int)taken;
        *progress |= taken > 0;
        outbox->sent += (size_t)taken;
        int partial = (size_t)taken < total;
        int more = advance(outbox, pool);
        if (more < 0)
            return more;
        given += more;
        if (partial)
            return 1;
        if (given)
            moved += (size_t)taken;
        if (given && outbox->first && (moved >= LIMIT_TURN_BYTES || is_slow(outbox->first)))
            return OUTBOX_GIVES_WAY;
    }
    return 0;
}

size_t outbox_memory(const struct outbox *outbox)
{
    size_t bytes = 0;
    for (const struct queued *q = outbox->first; q; q = q->next)
        bytes += sizeof *q + q->reply.part.length;
    return bytes;
}

void outbox_drop(struct outbox *outbox, struct outbox_pool *pool)
{
    while (outbox->first)
        drop_first(outbox, pool);
}

void outbox_free_pool(struct outbox_pool *pool)
{
    while (pool->free) {
        struct queued *queued = pool->free;
        pool->free = queued->next;
        free(queued);
    }
    pool->count = 0;
}
