/* SPDX-License-Identifier: BSD-2-Clause */
/* The row about reading a page: through libvsecm, and what a whole copy by hand takes. */
#ifndef BENCH_PAGE_READ_H
#define BENCH_PAGE_READ_H

#include "base/error.h"
#include "bench/daemon.h"
#include "bench/probe.h"
#include "bench/results.h"

#include <stdbool.h>

#define PAGE_READ_ROW "page-read"

struct page_read_options {
    const struct daemon_options *daemon;
    const struct pod *pod;
    unsigned rounds;
    bool quick;
    int cpu; /* where the reader runs */
};

/* PROBE is scratch, from job_alloc(). -errno with ERROR filled. */
int page_read_run(const struct page_read_options *options, struct probe *probe,
                  struct page_read *page_read, struct error *error);

#endif
