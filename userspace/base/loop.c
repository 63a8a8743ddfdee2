/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/loop.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

/*
 * Events taken per turn: twice LIMIT_CONNECTIONS_PER_POD, so that no pod can fill one alone. The
 * kernel rotates what is left, so nobody starves.
 */
#define BATCH 512

struct loop {
    int epoll;
    int running;
    int taken; /* events of this turn */
    struct epoll_event events[BATCH];
    struct loop_source alarm;  /* a timerfd: no turn has to look at the clock */
    struct loop_timer *timers; /* sorted by due time; a daemon has a handful */
    int (*turn)(void *context);
    void *turn_context;
    uint64_t turns;
};

static void on_alarm(struct loop_source *source, uint32_t events);

int loop_new(struct loop **ret)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return -ENOMEM;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->alarm.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    loop->alarm.ready = on_alarm;
    int r = loop->epoll < 0 || loop->alarm.fd < 0 ? -errno : loop_add(loop, &loop->alarm, EPOLLIN);
    if (r < 0) {
        loop_free(loop);
        return r;
    }
    *ret = loop;
    return 0;
}

static int control(struct loop *loop, int op, struct loop_source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    return epoll_ctl(loop->epoll, op, source->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
    return control(loop, EPOLL_CTL_ADD, source, events);
}

int loop_modify(struct loop *loop, struct loop_source *source, uint32_t events)
{
    return control(loop, EPOLL_CTL_MOD, source, events);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
    for (int i = 0; i < loop->taken; i++)
        if (loop->events[i].data.ptr == source)
            loop->events[i].data.ptr = NULL;
}

void loop_cancel_timer(struct loop *loop, struct loop_timer *timer)
{
    for (struct loop_timer **at = &loop->timers; *at; at = &(*at)->next)
        if (*at == timer) {
            *at = timer->next;
            timer->next = NULL;
            return;
        }
}

/* Wake up for the first timer; a wake-up too early, for one that was cancelled, does no harm. */
static void set_alarm(struct loop *loop)
{
    if (!loop->timers)
        return;
    uint64_t due = loop->timers->due_ms ? loop->timers->due_ms : 1;
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(due / 1000), .tv_nsec = (long)(due % 1000) * 1000000}};
    timerfd_settime(loop->alarm.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void loop_set_timer(struct loop *loop, struct loop_timer *timer, uint64_t after_ms)
{
    loop_cancel_timer(loop, timer);
    timer->due_ms = clock_mono_ms() + after_ms;
    struct loop_timer **at = &loop->timers;
    while (*at && (*at)->due_ms <= timer->due_ms)
        at = &(*at)->next;
    timer->next = *at;
    *at = timer;
    if (loop->timers == timer)
        set_alarm(loop);
}

static void on_alarm(struct loop_source *source, uint32_t events)
{
    (void)events;
    struct loop *loop = (struct loop *)((char *)source - offsetof(struct loop, alarm));
    uint64_t times;
    if (read(source->fd, &times, sizeof times) < 0)
        return;
    uint64_t now = clock_mono_ms();
    while (loop->timers && loop->timers->due_ms <= now) {
        struct loop_timer *timer = loop->timers;
        loop->timers = timer->next;
        timer->next = NULL;
        timer->fire(timer);
    }
    set_alarm(loop);
}

void loop_set_turn(struct loop *loop, int (*turn)(void *context), void *context)
{
    loop->turn = turn;
    loop->turn_context = context;
}

uint64_t loop_turn(const struct loop *loop)
{
    return loop->turns;
}

int loop_run(struct loop *loop)
{
    int busy = 0;
    for (loop->running = 1; loop->running;) {
        int n = epoll_wait(loop->epoll, loop->events, BATCH, busy ? 0 : -1);
        if (n < 0 && errno != EINTR)
            return -errno;
        loop->turns++;
        loop->taken = n > 0 ? n : 0;
        for (int i = 0; i < loop->taken; i++) {
            struct loop_source *source = loop->events[i].data.ptr;
            if (source)
                source->ready(source, loop->events[i].events);
        }
        loop->taken = 0;
        busy = loop->turn ? loop->turn(loop->turn_context) : 0;
    }
    return 0;
}

void loop_stop(struct loop *loop)
{
    loop->running = 0;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->alarm.fd >= 0)
        close(loop->alarm.fd);
    if (loop->epoll >= 0)
        close(loop->epoll);
    free(loop);
}
