/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event loop: one thread, epoll, callbacks. A source is embedded in its owner;
 * taking it out is safe at any time, also from a callback of the same turn.
 */
#ifndef VSECM_BASE_LOOP_H
#define VSECM_BASE_LOOP_H

#include <stdint.h>

struct loop;

struct loop_source {
    int fd;
    void (*ready)(struct loop_source *source, uint32_t events); /* EPOLLIN and so on */
};

struct loop_timer {
    uint64_t due_ms; /* by clock_mono_ms() */
    void (*fire)(struct loop_timer *timer);
    struct loop_timer *next;
};

/* 0 with *ret owned by the caller, or -errno. */
int loop_new(struct loop **ret);

/*
 * Call source->ready() whenever one of EVENTS holds, or with EPOLLET among them whenever one begins
 * to hold. SOURCE stays the caller's. 0 or -errno.
 */
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);

int loop_modify(struct loop *loop, struct loop_source *source, uint32_t events);

/* No call for SOURCE after this, not even one of this turn. Do it before closing source->fd. */
void loop_remove(struct loop *loop, struct loop_source *source);

/* Call timer->fire() once, AFTER_MS from now at the earliest. Setting it again moves it. */
void loop_set_timer(struct loop *loop, struct loop_timer *timer, uint64_t after_ms);

void loop_cancel_timer(struct loop *loop, struct loop_timer *timer);

/*
 * TURN is called after the callbacks of each turn, before the loop sleeps. It returns non-zero when
 * it has more to do by itself: the next turn then only looks for events and does not sleep.
 */
void loop_set_turn(struct loop *loop, int (*turn)(void *context), void *context);

/* Turns done so far; the same within one turn. */
uint64_t loop_turn(const struct loop *loop);

/* Run until loop_stop(). 0, or -errno when epoll itself fails. */
int loop_run(struct loop *loop);

void loop_stop(struct loop *loop);

/* Sources and timers must be out. NULL is fine. */
void loop_free(struct loop *loop);

#endif
