/* SPDX-License-Identifier: BSD-2-Clause */
/* The part about peers in the reports. Each writes nothing where no peer was asked. */
#ifndef BENCH_PEERS_REPORT_H
#define BENCH_PEERS_REPORT_H

#include "bench/results.h"

#include <stdio.h>

/* A section with its table, in Markdown; what a row does not show is a note below. */
void peers_report_text(FILE *out, const struct results *results);

/* A member of the object of all results, with the comma behind it. */
void peers_report_json(FILE *out, const struct results *results);

#endif
