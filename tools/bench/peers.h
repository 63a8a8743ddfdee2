/* SPDX-License-Identifier: BSD-2-Clause */
/* The part about peers: each is started, asked in turn with the yardstick, and stopped. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "base/error.h"
#include "bench/peer.h"
#include "bench/results.h"
#include "bench/stage.h"

#define PEERS_ROW "peers"

/* All of them; NULL at the end. */
extern const struct peer *const peers_table[];

/*
 * Run them all. One that is not there, or fails, is left out, and its rows say why; vsecmd may not.
 * -errno with ERROR filled.
 */
int peers_run(const struct stage *stage, struct results *results, struct error *error);

#endif
