/* SPDX-License-Identifier: BSD-2-Clause */
/* A link whose other end is the test itself: a vsecm-sync that says what it is told to. */
#ifndef VSECM_TESTS_UNIT_LINKS_H
#define VSECM_TESTS_UNIT_LINKS_H

#include <sys/socket.h>

#include "base/error.h"
#include "base/loop.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "limits.h"
#include "tests/unit/arenas.h"
#include "tests/unit/check.h"
#include "wire/wire.h"

static struct {
    struct loop *loop;
    struct arena *arena;
    struct link *link;
    int peer; /* the other end of the connection */
    struct loop_timer bell;
    char bytes[LIMIT_WIRE_MESSAGE]; /* received, and not looked at yet */
    size_t filled, used;
} links;

static inline void links_ring(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(links.loop);
}

static inline void links_begin(void)
{
    links.arena = arenas_new(16 * ARENA_MIB);
    CHECK_EQ_INT(loop_new(&links.loop), 0);
    links.link = link_new(links.loop, links.arena);
    CHECK(links.link != NULL);
    links.peer = -1;
    links.bell.fire = links_ring;
    links.filled = links.used = 0;
}

/* Let the loop run for MS milliseconds. */
static inline void links_run(uint64_t ms)
{
    loop_set_timer(links.loop, &links.bell, ms);
    CHECK_EQ_INT(loop_run(links.loop), 0);
}

static inline void links_hang_up(void)
{
    if (links.peer >= 0)
        close(links.peer);
    links.peer = -1;
    links.filled = links.used = 0;
}

/* What the link would do last. */
static inline void links_end(void)
{
    links_hang_up();
    link_free(links.link);
    loop_free(links.loop);
    arenas_done(links.arena);
}

static inline void links_say_message(const struct wire_message *message)
{
    size_t size = wire_size(message);
    char *bytes = malloc(size);
    CHECK(bytes != NULL);
    struct writer w = writer_on(bytes, size);
    wire_write(&w, message);
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(links.peer, bytes + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            links_run(1); /* the link has to take some of it first */
        else
            sent += (size_t)n;
    }
    free(bytes);
}

/* Say KIND with NUMBER; the texts are its fields. */
static inline void links_say_all(enum wire_kind kind, uint64_t number, const char *const *texts)
{
    struct wire_message message = {.kind = kind, .number = number};
    for (size_t i = 0; i < WIRE_FIELDS; i++)
        message.field[i] = i < wire_fields(kind) && texts[i] ? span_of(texts[i]) : span_of("");
    links_say_message(&message);
}

/* The fields that are not given are empty. */
#define links_answer(kind, number, ...) \
    links_say_all(kind, number, (const char *const[WIRE_FIELDS]){__VA_ARGS__})
#define links_say(kind, ...) links_answer(kind, 0, __VA_ARGS__)

/* The next message that the link has sent; its fields live until the next call. Zero: none came. */
static inline int links_hear(struct wire_message *ret)
{
    struct error error = {""};
    size_t size;
    memmove(links.bytes, links.bytes + links.used, links.filled - links.used);
    links.filled -= links.used;
    links.used = 0;
    for (unsigned tries = 0; tries < 200; tries++) {
        struct span bytes = {links.bytes, links.filled};
        int r = wire_read(bytes, WIRE_CORE, ret, &size, &error);
        if (r == 0) {
            links.used = size;
            return 1;
        }
        CHECK_EQ_INT(r, -EAGAIN);
        ssize_t n = recv(links.peer, links.bytes + links.filled, sizeof links.bytes - links.filled,
                         MSG_DONTWAIT);
        if (n > 0)
            links.filled += (size_t)n;
        else if (tries > 20)
            return 0;
        else
            links_run(1);
    }
    return 0;
}

/* A vsecm-sync comes, and has not said anything. */
static inline void links_call(void)
{
    int ends[2];
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    links.filled = links.used = 0;
    links.peer = ends[0];
    CHECK_EQ_INT(link_attach(links.link, ends[1]), 0);
}

/* It comes, and is welcome. */
static inline void links_attach(void)
{
    struct wire_message welcome;
    links_call();
    links_say(WIRE_HELLO, WIRE_ABI, "node-1", "test");
    CHECK(links_hear(&welcome));
    CHECK_EQ_INT(welcome.kind, WIRE_WELCOME);
}

#endif
