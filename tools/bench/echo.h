/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The yardstick: a single-threaded epoll server that answers each request with a fixed reply of
 * the daemon's size, with one recv() and one send(), and parses nothing. What a buffer
 * has no room for follows. What it costs is what
 * the socket costs.
 */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include "base/error.h"

#include <stddef.h>
#include <sys/types.h>

/*
 * Start it in a child process, listening at PATH; REPLY of LENGTH bytes is copied. What it is asked
 * it first appends to a file in the directory LOG_IN, and syncs that, unless LOG_IN is NULL.
 * Returns the child's pid, for child_stop(), or -errno with ERROR filled.
 */
pid_t echo_start(const char *path, const char *log_in, const void *reply, size_t length,
                 struct error *error);

/* A non-blocking listening socket at PATH, in place of what is there; -errno with ERROR filled. */
int echo_listen(const char *path, struct error *error);

#endif
