/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/loop.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "tests/unit/check.h"

/* What was called, in order, one letter each. */
static struct {
    struct loop *loop;
    char trace[256];
    size_t used;
} run;

static void note(char letter)
{
    CHECK(run.used < sizeof run.trace - 1);
    run.trace[run.used++] = letter;
    run.trace[run.used] = '\0';
}

static void begin(void)
{
    loop_free(run.loop);
    memset(&run, 0, sizeof run);
    CHECK_EQ_INT(loop_new(&run.loop), 0);
}

static void end(void)
{
    loop_free(run.loop);
    run.loop = NULL;
}

/* ---- timers -------------------------------------------------------------------------------- */

struct bell {
    struct loop_timer timer;
    char letter;
    int stops;
    int rings_again;
    struct bell *cancels;
};

static void ring(struct loop_timer *timer)
{
    struct bell *bell = (struct bell *)timer;
    note(bell->letter);
    if (bell->cancels)
        loop_cancel_timer(run.loop, &bell->cancels->timer);
    if (bell->rings_again-- > 0)
        loop_set_timer(run.loop, timer, 1);
    if (bell->stops)
        loop_stop(run.loop);
}

#define BELL(name)                           \
    {                                        \
        .timer.fire = ring, .letter = (name) \
    }

TEST(timers_fire_in_the_order_they_are_due)
{
    struct bell a = BELL('a'), b = BELL('b'), c = BELL('c'), last = BELL('.');
    last.stops = 1;
    begin();
    uint64_t start = clock_mono_ms();
    loop_set_timer(run.loop, &last.timer, 40);
    loop_set_timer(run.loop, &c.timer, 20);
    loop_set_timer(run.loop, &a.timer, 0);
    loop_set_timer(run.loop, &b.timer, 20); /* due when c is: it was set later */
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, "acb.");
    CHECK(clock_mono_ms() - start >= 40);
    end();
}

TEST(timer_set_again_moves)
{
    struct bell a = BELL('a'), b = BELL('b');
    begin();
    b.stops = 1;
    loop_set_timer(run.loop, &a.timer, 30);
    loop_set_timer(run.loop, &b.timer, 15);
    loop_set_timer(run.loop, &a.timer, 1);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, "ab");
    end();
}

TEST(timer_that_is_cancelled_never_fires)
{
    struct bell a = BELL('a'), b = BELL('b'), c = BELL('c');
    begin();
    a.cancels = &b; /* which is due in the same turn */
    c.stops = 1;
    loop_set_timer(run.loop, &a.timer, 0);
    loop_set_timer(run.loop, &b.timer, 0);
    loop_set_timer(run.loop, &c.timer, 5);
    loop_cancel_timer(run.loop, &b.timer);
    loop_set_timer(run.loop, &b.timer, 0);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, "ac");
    loop_cancel_timer(run.loop, &b.timer);
    end();
}

TEST(timer_may_set_itself)
{
    struct bell a = BELL('a'), b = BELL('b');
    begin();
    a.rings_again = 3;
    b.stops = 1;
    loop_set_timer(run.loop, &a.timer, 1);
    loop_set_timer(run.loop, &b.timer, 50);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, "aaaab");
    end();
}

/* ---- sources ------------------------------------------------------------------------------- */

struct end {
    struct loop_source source;
    int other; /* the pipe's end to write to */
    char letter;
    int stops;
    struct end *removes;
};

static void readable(struct loop_source *source, uint32_t events)
{
    struct end *pipe = (struct end *)source;
    char byte;
    CHECK(events & EPOLLIN);
    CHECK_EQ_INT(read(source->fd, &byte, 1), 1);
    note(pipe->letter);
    if (pipe->removes)
        loop_remove(run.loop, &pipe->removes->source);
    if (pipe->stops)
        loop_stop(run.loop);
}

static struct end open_pipe(char letter)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    return (struct end){
        .source = {.fd = fds[0], .ready = readable}, .other = fds[1], .letter = letter};
}

static void close_pipe(struct end *pipe)
{
    loop_remove(run.loop, &pipe->source);
    close(pipe->source.fd);
    close(pipe->other);
}

TEST(source_that_is_ready_is_called)
{
    begin();
    struct end a = open_pipe('a');
    CHECK_EQ_INT(loop_add(run.loop, &a.source, EPOLLIN), 0);
    CHECK_EQ_INT(loop_add(run.loop, &a.source, EPOLLIN), -EEXIST);
    a.stops = 1;
    CHECK_EQ_INT(write(a.other, "x", 1), 1);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, "a");
    close_pipe(&a);
    CHECK_EQ_INT(loop_add(run.loop, &(struct loop_source){.fd = -1}, EPOLLIN), -EBADF);
    end();
}

/* Both are ready in one turn; whichever comes first takes the other out. */
TEST(source_removed_in_the_turn_it_is_ready_in_is_not_called)
{
    struct bell stop = BELL('.');
    begin();
    struct end a = open_pipe('a'), b = open_pipe('b');
    stop.stops = 1;
    a.removes = &b;
    b.removes = &a;
    CHECK_EQ_INT(loop_add(run.loop, &a.source, EPOLLIN), 0);
    CHECK_EQ_INT(loop_add(run.loop, &b.source, EPOLLIN), 0);
    CHECK_EQ_INT(write(a.other, "x", 1) + write(b.other, "x", 1), 2);
    loop_set_timer(run.loop, &stop.timer, 10);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    if (strcmp(run.trace, "b.") != 0)
        CHECK_STR(run.trace, "a.");
    close_pipe(&a);
    close_pipe(&b);
    end();
}

TEST(source_may_remove_itself)
{
    struct bell stop = BELL('.');
    begin();
    struct end a = open_pipe('a');
    stop.stops = 1;
    a.removes = &a;
    CHECK_EQ_INT(loop_add(run.loop, &a.source, EPOLLIN), 0);
    CHECK_EQ_INT(write(a.other, "xx", 2), 2);
    loop_set_timer(run.loop, &stop.timer, 10);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, "a.");
    close_pipe(&a);
    end();
}

TEST(modified_source_waits_for_what_it_was_told)
{
    struct bell stop = BELL('.');
    begin();
    struct end a = open_pipe('a');
    stop.stops = 1;
    CHECK_EQ_INT(loop_add(run.loop, &a.source, EPOLLIN), 0);
    CHECK_EQ_INT(loop_modify(run.loop, &a.source, 0), 0);
    CHECK_EQ_INT(write(a.other, "x", 1), 1);
    loop_set_timer(run.loop, &stop.timer, 5);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, ".");
    CHECK_EQ_INT(loop_modify(run.loop, &a.source, EPOLLIN), 0);
    loop_set_timer(run.loop, &stop.timer, 5);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, ".a.");
    close_pipe(&a);
    end();
}

TEST(every_source_gets_its_turn)
{
    enum { MANY = 150 }; /* more than the loop takes at once */
    static struct end ends[MANY];
    begin();
    for (int i = 0; i < MANY; i++) {
        ends[i] = open_pipe('x');
        CHECK_EQ_INT(loop_add(run.loop, &ends[i].source, EPOLLIN), 0);
        CHECK_EQ_INT(write(ends[i].other, "x", 1), 1);
    }
    struct bell stop = BELL('.');
    stop.stops = 1;
    loop_set_timer(run.loop, &stop.timer, 20);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_EQ_INT(run.used, MANY + 1);
    for (int i = 0; i < MANY; i++)
        close_pipe(&ends[i]);
    end();
}

/* ---- turns --------------------------------------------------------------------------------- */

static int busy_turns(void *context)
{
    int *left = context;
    note('t');
    if (--*left == 0)
        loop_stop(run.loop);
    return 1;
}

static int idle_turn(void *context)
{
    (void)context;
    note('t');
    return 0;
}

TEST(turn_with_more_to_do_does_not_sleep)
{
    int left = 4;
    struct bell far = BELL('f');
    begin();
    loop_set_timer(run.loop, &far.timer, 60000);
    loop_set_turn(run.loop, busy_turns, &left);
    /* The first turn sleeps as nobody has said otherwise yet: let something wake it. */
    struct bell wake = BELL('w');
    loop_set_timer(run.loop, &wake.timer, 0);
    uint64_t before = loop_turn(run.loop);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK_STR(run.trace, "wtttt");
    CHECK_EQ_INT(loop_turn(run.loop) - before, 4);
    loop_cancel_timer(run.loop, &far.timer);
    end();
}

TEST(turn_comes_after_the_callbacks)
{
    struct bell bell = BELL('b');
    begin();
    struct end a = open_pipe('a');
    bell.stops = 1;
    CHECK_EQ_INT(loop_add(run.loop, &a.source, EPOLLIN), 0);
    CHECK_EQ_INT(write(a.other, "x", 1), 1);
    loop_set_timer(run.loop, &bell.timer, 0);
    loop_set_turn(run.loop, idle_turn, NULL);
    CHECK_EQ_INT(loop_run(run.loop), 0);
    CHECK(run.trace[0] != 't' && run.trace[run.used - 1] == 't');
    CHECK(strchr(run.trace, 'a') != NULL && strchr(run.trace, 'b') != NULL);
    close_pipe(&a);
    end();
}

CHECK_MAIN
