/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about reading a page: through libvsecm, and what a whole copy by hand takes. */
#ifndef BENCH_PAGE_READ_H
#define BENCH_PAGE_READ_H

#include "base/error.h"
#include "bench/results.h"
#include "bench/stage.h"

#define PAGE_READ_ROW "page-read"

/* -errno with ERROR filled. */
int page_read_run(const struct stage *stage, struct results *results, struct error *error);

#endif
