/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows about followers: many are told of one change, by events or through a page; a raw fan-out
 * and the daemon in turn.
 */
#ifndef BENCH_FOLLOW_H
#define BENCH_FOLLOW_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#define FOLLOW_WATCH_ROW "watch-250"
#define FOLLOW_PAGE_ROW "page-wake-100"

/* The two. -errno with ERROR filled. */
int follow_run_watch(const struct stage *stage, struct results *results, struct error *error);
int follow_run_page(const struct stage *stage, struct results *results, struct error *error);

/*
 * The first with another number of WATCHERS, up to CROWD_MAX, by a daemon that lets one pod have so
 * many connections; each side on a processor of its own, where there are two.
 */
int follow_run_watchers(const struct stage *stage, unsigned watchers, struct follow *follow,
                        struct error *error);

#endif
