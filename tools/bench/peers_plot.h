/* SPDX-License-Identifier: BSD-2-Clause */
/* Peers as bars: median latency over that of the yardstick. */
#ifndef BENCH_PEERS_PLOT_H
#define BENCH_PEERS_PLOT_H

#include "bench/results.h"

#include <stdio.h>

/* An SVG of its own. Some peer must have been asked. */
void peers_plot(FILE *out, const struct results *results);

#endif
