/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick for followers: a single-threaded epoll server that parses nothing. Whoever sends it
 * a GET follows, and has the event at once; any other message is a change: its sender is answered,
 * then each follower is sent the event, then whoever waits on the word is woken. What it costs is
 * what the sockets and the wakes cost.
 */
#ifndef BENCH_FANOUT_H
#define BENCH_FANOUT_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FANOUT_FOLLOWERS_MAX 512u

struct fanout {
    const void *reply; /* to whoever changes something */
    size_t reply_length;
    const void *event; /* to each follower */
    size_t event_length;
    uint32_t *word; /* in shared memory: grows by 2, and is woken; NULL: none */
};

/*
 * Start it in a child process, listening at PATH; all is copied but the word. Returns the child's
 * pid, for child_stop(), or -errno with ERROR filled.
 */
pid_t fanout_start(const char *path, const struct fanout *fanout, struct error *error);

#endif
