/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIGINT, SIGTERM and SIGHUP end the run through the ordinary cleanup: the handler only notes the
 * wish, and whatever waits returns -EINTR.
 */
#ifndef BENCH_STOP_H
#define BENCH_STOP_H

#include <stdbool.h>

/* Take the signals. -errno. */
int stop_install(void);

/* In a child: give the signals back, so that they end it at once. */
void stop_uninstall(void);

/* Whether one has come. */
bool stop_wanted(void);

#endif
