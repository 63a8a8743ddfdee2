/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire/channel.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "base/writer.h"
#include "limits.h"
#include "tests/unit/check.h"

/* One end is a channel, the other, the core, is played by hand or is a channel as well. */
static struct {
    struct loop *loop;
    struct loop_timer bell;
    struct channel *channel, *other;
    int peer;
    unsigned messages;
    size_t bytes; /* in their first fields */
    uint64_t last_number;
    char closed[256]; /* why */
    int frees;        /* it within its callback */
    long taken;       /* bytes of memory that were not given back */
    size_t most;
    int is_out_of_memory;
} run;

static void *take(void *context, size_t size)
{
    CHECK(context == &run);
    if (run.is_out_of_memory)
        return NULL;
    run.taken += (long)size;
    run.most = size > run.most ? size : run.most;
    return malloc(size);
}

static void give(void *context, void *memory, size_t size)
{
    CHECK(context == &run);
    run.taken -= (long)size;
    free(memory);
}

static const struct channel_memory memory = {take, give, &run};

static void drop(void)
{
    channel_free(run.channel);
    run.channel = NULL;
}

static void on_message(void *context, const struct wire_message *message)
{
    CHECK(context == &run);
    run.messages++;
    run.bytes += message->field[0].length;
    run.last_number = message->number;
    if (run.frees)
        drop();
}

static void on_closed(void *context, const char *why)
{
    CHECK(context == &run);
    snprintf(run.closed, sizeof run.closed, "%s", why);
    if (run.frees)
        drop();
}

static void ring(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(run.loop);
}

static void turn(uint64_t ms)
{
    loop_set_timer(run.loop, &run.bell, ms);
    CHECK_EQ_INT(loop_run(run.loop), 0);
}

static struct channel *open_channel(int fd, enum wire_side side)
{
    const struct channel_options options = {.side = side,
                                            .memory = &memory,
                                            .message = on_message,
                                            .closed = on_closed,
                                            .context = &run};
    struct channel *channel = NULL;
    CHECK_EQ_INT(channel_new(run.loop, fd, &options, &channel), 0);
    return channel;
}

static void begin(void)
{
    int ends[2];
    memset(&run, 0, sizeof run);
    run.bell.fire = ring;
    CHECK_EQ_INT(loop_new(&run.loop), 0);
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    run.peer = ends[1];
    run.channel = open_channel(ends[0], WIRE_CORE);
}

static void end(void)
{
    channel_free(run.channel);
    channel_free(run.other);
    if (run.peer >= 0)
        close(run.peer);
    loop_free(run.loop);
    CHECK_EQ_INT(run.taken, 0);
}

static size_t write_message(char *to, size_t size, enum wire_kind kind, struct span first)
{
    struct wire_message message = {.kind = kind, .number = 9};
    struct writer w = writer_on(to, size);
    message.field[0] = first;
    wire_write(&w, &message);
    CHECK(writer_ok(&w));
    return w.used;
}

TEST(messages_come_whole_however_they_are_cut)
{
    char bytes[256];
    begin();
    size_t length = write_message(bytes, sizeof bytes, WIRE_HELLO, span_of("abc"));
    length += write_message(bytes + length, sizeof bytes - length, WIRE_TOKEN, span_of("de"));
    for (size_t i = 0; i < length; i++) {
        CHECK_EQ_INT(send(run.peer, bytes + i, 1, 0), 1);
        turn(0);
    }
    turn(5);
    CHECK_EQ_INT(run.messages, 2);
    CHECK_EQ_INT(run.bytes, 5);
    CHECK_EQ_INT(run.last_number, 9);
    CHECK_EQ_INT(send(run.peer, bytes, length, 0), length);
    turn(5);
    CHECK_EQ_INT(run.messages, 4);
    end();
}

TEST(a_large_message_gets_its_room_and_gives_it_back)
{
    static char large[LIMIT_WIRE_SEALED];
    struct wire_message message = {.kind = WIRE_VERSION};
    begin();
    run.other = open_channel(run.peer, WIRE_SYNC);
    run.peer = -1;
    long before = run.taken;
    message.field[VERSION_SEALED] = (struct span){large, sizeof large};
    CHECK_EQ_INT(channel_send(run.other, &message), 0);
    CHECK(channel_queued(run.other) > 0);
    for (unsigned i = 0; i < 100 && !run.messages; i++)
        turn(5);
    CHECK_EQ_INT(run.messages, 1);
    turn(5);
    CHECK(run.most >= sizeof large);
    CHECK_EQ_INT(run.taken, before);
    CHECK_EQ_INT(channel_queued(run.other), 0);
    end();
}

TEST(many_messages_keep_their_order)
{
    begin();
    run.other = open_channel(run.peer, WIRE_SYNC);
    run.peer = -1;
    for (unsigned i = 1; i <= 5000; i++) {
        struct wire_message message = {.kind = WIRE_TOKEN, .number = i};
        CHECK_EQ_INT(channel_send(run.other, &message), 0);
    }
    for (unsigned i = 0; i < 100 && run.messages < 5000; i++)
        turn(5);
    CHECK_EQ_INT(run.messages, 5000);
    CHECK_EQ_INT(run.last_number, 5000);
    end();
}

TEST(a_queue_that_nobody_reads_is_bounded)
{
    static char large[LIMIT_WIRE_SEALED];
    struct wire_message message = {.kind = WIRE_PUT};
    int r;
    begin();
    message.field[PUT_SEALED] = (struct span){large, sizeof large};
    for (unsigned i = 0; (r = channel_send(run.channel, &message)) == 0; i++)
        CHECK(i < 100);
    CHECK_EQ_INT(r, -ENOBUFS);
    CHECK(channel_queued(run.channel) <= LIMIT_WIRE_QUEUE);
    CHECK_STR(run.closed, "");
    end();
}

TEST(what_is_too_large_is_not_sent)
{
    static char large[LIMIT_WIRE_TOKEN + 1];
    struct wire_message message = {.kind = WIRE_TOKEN_REVIEW};
    begin();
    message.field[0] = (struct span){large, sizeof large};
    CHECK_EQ_INT(channel_send(run.channel, &message), -EMSGSIZE);
    CHECK_EQ_INT(channel_queued(run.channel), 0);
    end();
}

TEST(the_other_end_goes)
{
    struct wire_message message = {.kind = WIRE_TOKEN_GET};
    begin();
    close(run.peer);
    run.peer = -1;
    turn(5);
    CHECK_STR(run.closed, "the other end is gone");
    CHECK_EQ_INT(channel_send(run.channel, &message), -EPIPE);
    end();
}

TEST(what_is_no_message_ends_it)
{
    char bytes[256];
    begin();
    /* The core itself says it: from the other end it is none. */
    size_t length = write_message(bytes, sizeof bytes, WIRE_WELCOME, span_of("1"));
    CHECK_EQ_INT(send(run.peer, bytes, length, 0), length);
    turn(5);
    CHECK(strstr(run.closed, "is none that is said from there") != NULL);
    CHECK_EQ_INT(run.messages, 0);
    end();
}

TEST(it_may_be_freed_in_its_callbacks)
{
    char bytes[256];
    begin();
    run.frees = 1;
    size_t length = write_message(bytes, sizeof bytes, WIRE_HELLO, span_of("abc"));
    length += write_message(bytes + length, sizeof bytes - length, WIRE_HELLO, span_of("abc"));
    CHECK_EQ_INT(send(run.peer, bytes, length, 0), length);
    turn(5);
    CHECK_EQ_INT(run.messages, 1);
    CHECK(run.channel == NULL);
    end();
    begin();
    run.frees = 1;
    close(run.peer);
    run.peer = -1;
    turn(5);
    CHECK(run.channel == NULL && run.closed[0]);
    end();
}

TEST(without_memory_nothing_is_half_done)
{
    char bytes[8192 + 64] = "";
    static char text[8000];
    struct wire_message message = {.kind = WIRE_TOKEN_GET};
    begin();
    run.is_out_of_memory = 1;
    CHECK_EQ_INT(channel_send(run.channel, &message), -ENOMEM);
    CHECK_EQ_INT(channel_queued(run.channel), 0);
    size_t length = write_message(bytes, sizeof bytes, WIRE_TOKEN, (struct span){text, 8000});
    CHECK_EQ_INT(send(run.peer, bytes, length, 0), length);
    turn(5);
    CHECK_STR(run.closed, "out of memory");
    end();
    int ends[2];
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const struct channel_options options = {.memory = &memory};
    CHECK_EQ_INT(channel_new(run.loop, ends[0], &options, &run.channel), -ENOMEM);
    CHECK_EQ_INT(recv(ends[1], bytes, 1, MSG_DONTWAIT), 0); /* the descriptor was closed */
    close(ends[1]);
}

CHECK_MAIN
