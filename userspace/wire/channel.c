/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/writer.h"
#include "limits.h"

#define FIRST_ROOM 4096u /* of what is read; it grows to the message that needs more */
#define TURN_READS 16u   /* in one turn, before others have theirs */

struct parcel {
    struct parcel *next;
    size_t size;
    size_t sent;
    char bytes[];
};

struct channel {
    struct loop_source source;
    struct loop *loop;
    struct channel_options options;
    struct channel_memory memory;
    char *in;
    size_t room;
    size_t filled;
    struct parcel *first, *last;
    size_t queued;
    int is_waiting; /* for room in the socket */
    int is_closed;
    int *freed; /* set by channel_free() for whoever is in a callback */
};

/* ---- memory ------------------------------------------------------------------------------------
 */

static void *heap_alloc(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void heap_free(void *context, void *memory, size_t size)
{
    (void)context;
    if (memory)
        explicit_bzero(memory, size);
    free(memory);
}

static const struct channel_memory heap = {heap_alloc, heap_free, NULL};

static void *take(struct channel *channel, size_t size)
{
    return channel->memory.alloc(channel->memory.context, size);
}

static void give(struct channel *channel, void *memory, size_t size)
{
    if (memory)
        channel->memory.free(channel->memory.context, memory, size);
}

/* Room for SIZE bytes of input in all. 0 or -ENOMEM. */
static int make_room(struct channel *channel, size_t size)
{
    if (size <= channel->room)
        return 0;
    char *larger = take(channel, size);
    if (!larger)
        return -ENOMEM;
    memcpy(larger, channel->in, channel->filled);
    give(channel, channel->in, channel->room);
    channel->in = larger;
    channel->room = size;
    return 0;
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static void close_with(struct channel *channel, const char *why)
{
    if (channel->is_closed)
        return;
    channel->is_closed = 1;
    loop_remove(channel->loop, &channel->source);
    channel->options.closed(channel->options.context, why);
}

/* Non-zero while the channel lives on. */
static int deliver(struct channel *channel, const struct wire_message *message)
{
    int freed = 0;
    channel->freed = &freed;
    channel->options.message(channel->options.context, message);
    if (freed)
        return 0;
    channel->freed = NULL;
    return !channel->is_closed;
}

/* A large message has passed: what held it is given back. */
static void shrink(struct channel *channel)
{
    if (channel->filled || channel->room <= 16 * FIRST_ROOM)
        return;
    char *smaller = take(channel, FIRST_ROOM);
    if (!smaller)
        return;
    give(channel, channel->in, channel->room);
    channel->in = smaller;
    channel->room = FIRST_ROOM;
}

/* All messages that are there. Non-zero while the channel lives on. */
static int read_messages(struct channel *channel)
{
    size_t at = 0, size = 0;
    struct wire_message message;
    struct error error = {""};
    enum wire_side from = channel->options.side == WIRE_CORE ? WIRE_SYNC : WIRE_CORE;
    int r;
    while ((r = wire_read((struct span){channel->in + at, channel->filled - at}, from, &message,
                          &size, &error)) == 0) {
        at += size;
        if (!deliver(channel, &message))
            return 0;
    }
    channel->filled -= at;
    memmove(channel->in, channel->in + at, channel->filled);
    if (r == -EAGAIN)
        r = make_room(channel, size);
    if (r == 0) {
        shrink(channel);
        return 1;
    }
    close_with(channel, r == -ENOMEM ? "out of memory" : error.text);
    return 0;
}

/* -EAGAIN: there is no more for now; 0: the channel is no more, or is closed. */
static ssize_t read_some(struct channel *channel)
{
    ssize_t n = recv(channel->source.fd, channel->in + channel->filled,
                     channel->room - channel->filled, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return -EAGAIN;
    if (n <= 0) {
        close_with(channel, n == 0 ? "the other end is gone" : strerror(errno));
        return 0;
    }
    channel->filled += (size_t)n;
    return read_messages(channel);
}

/* ---- writing -----------------------------------------------------------------------------------
 */

static void drop_first(struct channel *channel)
{
    struct parcel *parcel = channel->first;
    channel->queued -= parcel->size - parcel->sent;
    channel->first = parcel->next;
    if (!channel->first)
        channel->last = NULL;
    give(channel, parcel, sizeof *parcel + parcel->size);
}

/* Send what the socket takes. 0 or -errno. */
static int flush(struct channel *channel)
{
    while (channel->first) {
        struct parcel *parcel = channel->first;
        ssize_t n = send(channel->source.fd, parcel->bytes + parcel->sent,
                         parcel->size - parcel->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        parcel->sent += (size_t)n;
        channel->queued -= (size_t)n;
        if (parcel->sent == parcel->size)
            drop_first(channel);
    }
    return 0;
}

static void listen_for(struct channel *channel)
{
    int waits = channel->first != NULL;
    if (waits != channel->is_waiting &&
        loop_modify(channel->loop, &channel->source, waits ? EPOLLIN | EPOLLOUT : EPOLLIN) == 0)
        channel->is_waiting = waits;
}

int channel_send(struct channel *channel, const struct wire_message *message)
{
    if (channel->is_closed)
        return -EPIPE;
    if (!wire_fits(message, NULL))
        return -EMSGSIZE;
    size_t size = wire_size(message);
    if (size > LIMIT_WIRE_QUEUE - channel->queued)
        return -ENOBUFS;
    struct parcel *parcel = take(channel, sizeof *parcel + size);
    if (!parcel)
        return -ENOMEM;
    *parcel = (struct parcel){.size = size};
    struct writer w = writer_on(parcel->bytes, size);
    wire_write(&w, message);
    if (channel->last)
        channel->last->next = parcel;
    else
        channel->first = parcel;
    channel->last = parcel;
    channel->queued += size;
    /* A socket that failed is noticed by the loop: no callback from in here. */
    if (flush(channel) == 0)
        listen_for(channel);
    return 0;
}

size_t channel_queued(const struct channel *channel)
{
    return channel->queued;
}

/* ---- the channel -------------------------------------------------------------------------------
 */

static void on_ready(struct loop_source *source, uint32_t events)
{
    struct channel *channel = (struct channel *)((char *)source - offsetof(struct channel, source));
    int r = events & EPOLLOUT ? flush(channel) : 0;
    if (r < 0) {
        close_with(channel, strerror(-r));
        return;
    }
    if (events & EPOLLOUT)
        listen_for(channel);
    for (unsigned i = 0; i < TURN_READS; i++) {
        ssize_t n = read_some(channel);
        if (n == 0) /* it may be gone */
            return;
        if (n < 0)
            break;
    }
}

int channel_new(struct loop *loop, int fd, const struct channel_options *options,
                struct channel **ret)
{
    const struct channel_memory *memory = options->memory ? options->memory : &heap;
    struct channel *channel = calloc(1, sizeof *channel);
    char *in = memory->alloc(memory->context, FIRST_ROOM);
    int r = -ENOMEM;
    if (channel && in) {
        *channel = (struct channel){.source = {.fd = fd, .ready = on_ready},
                                    .loop = loop,
                                    .options = *options,
                                    .memory = *memory,
                                    .in = in,
                                    .room = FIRST_ROOM};
        r = loop_add(loop, &channel->source, EPOLLIN);
    }
    if (r == 0) {
        *ret = channel;
        return 0;
    }
    if (in)
        memory->free(memory->context, in, FIRST_ROOM);
    free(channel);
    close(fd);
    return r;
}

void channel_free(struct channel *channel)
{
    if (!channel)
        return;
    if (channel->freed)
        *channel->freed = 1;
    if (!channel->is_closed)
        loop_remove(channel->loop, &channel->source);
    while (channel->first)
        drop_first(channel);
    give(channel, channel->in, channel->room);
    close(channel->source.fd);
    free(channel);
}
