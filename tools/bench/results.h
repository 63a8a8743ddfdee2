/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything a run finds out; the suite fills it, the reports only read it. */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include "base/error.h"
#include "bench/hist.h"
#include "bench/usage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESULTS_CELLS_MAX 16u

enum layout { LAYOUT_SAME, LAYOUT_APART, LAYOUTS };
enum render_kind { RENDER_WHOLE, RENDER_EXECUTE, RENDER_KINDS };
enum follow_kind { FOLLOW_WATCH, FOLLOW_PAGE, FOLLOW_KINDS };
enum page_read_kind {
    PAGE_READ_PLAIN,
    PAGE_READ_EXPIRES,
    PAGE_READ_COPY_64,
    PAGE_READ_COPY_1K,
    PAGE_READ_KINDS
};
enum metric { METRIC_P50, METRIC_P99, METRIC_RATE, METRICS };

/* One server over all rounds of a cell. */
struct side {
    struct hist latency;
    uint64_t requests;
    uint64_t elapsed_ns;
    struct usage used;
};

/* Daemon over echo, or another figure, taken in each round: the middle and the extremes. */
struct ratio {
    double median, min, max;
};

/* One row in one layout. */
struct cell {
    const char *id;    /* for programs: "get-64" */
    const char *title; /* for people */
    enum layout layout;
    size_t value_bytes, request_bytes, reply_bytes;
    unsigned connections;
    struct side echo, vsecmd;
    struct ratio ratio[METRICS];
};

struct memory {
    unsigned secrets;
    size_t value_bytes;
    double ready_ms; /* from fork() to serving */
    double put_us;   /* mean of one put over a kept connection */
    long empty_kib;  /* resident, before the first secret */
    long full_kib;   /* with all of them */
    long loaded_kib; /* after `requests` reads */
    uint64_t requests;
    struct usage used; /* by the reads */
};

struct start {
    unsigned secrets; /* in the log */
    size_t value_bytes;
    unsigned times;
    struct ratio ready_ms; /* from fork() to serving; over the times */
    long rss_kib;          /* resident then, the most of all times */
};

/* A rendering in microseconds, the mean of a round; over the rounds. */
struct render_cell {
    struct ratio ours_us, go_us, ratio;
};

struct render {
    unsigned times; /* in a round, of each; 0: not measured */
    unsigned fields;
    size_t value_bytes, template_bytes, output_bytes;
    struct render_cell cell[RENDER_KINDS];
    struct error no_go; /* why it was left out; empty: it was not */
};

/* One server that told a crowd of changes, over all rounds. */
struct follow_side {
    struct hist after_ack, after_send; /* of the put that was the change */
    uint64_t changes;
    struct usage used;
};

struct follow_cell {
    enum layout layout;
    struct follow_side raw, vsecmd;
    struct ratio p50, p99, sent_p50; /* vsecmd / raw: after the acknowledgement, the sending */
};

/* One row about followers. */
struct follow {
    const char *id, *title;
    unsigned followers;
    size_t value_bytes, event_bytes; /* no events of a page */
    size_t cells;
    struct follow_cell cell[LAYOUTS];
};

/* Reads of a page in nanoseconds, the mean of a round; over the rounds. */
struct page_read {
    unsigned times; /* in a round; 0: not measured */
    struct ratio ns[PAGE_READ_KINDS];
};

struct results {
    char started[32]; /* RFC 3339 */
    char kernel[160];
    char processor[128];
    double load_average; /* of the machine's last minute, before the run: who else was there */
    int server_cpu, client_cpu;
    unsigned rounds;
    bool quick;
    size_t cells;
    struct cell cell[RESULTS_CELLS_MAX];
    struct error no_disk; /* why the rows on a disk were left out; empty: they were not */
    struct memory memory;
    struct start start;
    struct render render;
    struct follow follow[FOLLOW_KINDS];
    struct page_read page_read;
};

/* "same", "apart"; "p50", "p99", "throughput"; "whole", "execute"; "plain", ..., "copy_1k". */
const char *results_layout_name(enum layout layout);
const char *results_metric_name(enum metric metric);
const char *results_render_name(enum render_kind kind);
const char *results_page_read_name(enum page_read_kind kind);

/* Fill in the machine and the time. */
void results_describe_machine(struct results *results);

/* Of a side: requests a second, and the server's processor time for one request in ns. */
double results_rate(const struct side *side);
double results_cpu_ns(const struct side *side);

/* The part of a server's processor time spent in the kernel, 0..1. */
double results_system_share(const struct usage *used);

#endif
