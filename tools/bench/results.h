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
#define RESULTS_ROUNDS_MAX 99u
#define RESULTS_PEER_CELLS_MAX 64u
#define RESULTS_CURVES_MAX 12u
#define RESULTS_POINTS_MAX 16u
#define RESULTS_COSTS_MAX 32u

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
/* What others on the node do, where our hooks are called. */
enum hook_kind {
    HOOK_CONNECT,
    HOOK_GETSOCKOPT,
    HOOK_OPEN,
    HOOK_MMAP,
    HOOK_FORK,
    HOOK_RECEIVE,
    HOOK_RENAME,
    HOOK_FLOCK,
    HOOK_KINDS
};
enum hook_side { HOOK_NONE, HOOK_ATTEST, HOOK_GUARDS, HOOK_SIDES };
enum flood_kind {
    FLOOD_GET_1,
    FLOOD_GET_64,
    FLOOD_PIPELINE,
    FLOOD_CONNECT,
    FLOOD_UNREAD,
    FLOOD_404,
    FLOOD_403,
    FLOOD_KINDS
};
enum metric { METRIC_P50, METRIC_P99, METRIC_RATE, METRICS };

/* One server over all rounds of a cell. */
struct side {
    struct hist latency;
    uint64_t requests;
    uint64_t elapsed_ns;
    struct usage used;
};

/* Daemon over echo, or another figure, taken in each round. */
struct ratio {
    double median, min, max;
    double low, high; /* 95 in 100 such intervals hold the middle; of less than 6 rounds, fewer */
    unsigned rounds;
    double round[RESULTS_ROUNDS_MAX]; /* in the order they were taken */
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
    uint64_t elapsed_ns;
    struct usage used;
    long rss_kib; /* with all followers there, the most of all rounds */
};

struct follow_cell {
    enum layout layout;
    struct follow_side raw, vsecmd;
    struct ratio p50, p99;           /* vsecmd / raw, after the acknowledgement */
    struct ratio sent_p50, sent_p99; /* after the sending */
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

struct hook_cell {
    double ns[HOOK_SIDES];          /* of one time, the middle of the rounds */
    struct ratio ratio[HOOK_SIDES]; /* over no daemon */
};

struct hooks {
    unsigned rounds; /* 0: not measured */
    struct hook_cell cell[HOOK_KINDS];
};

/* A pod's requests while another floods, and while it does not. */
struct noisy_cell {
    struct hist quiet, noisy; /* all rounds; from when a request was due */
    struct ratio p50, p99;    /* noisy / quiet */
    struct ratio rate;        /* of the flood, a second */
};

struct noisy {
    unsigned requests; /* in a round; 0: not measured */
    struct noisy_cell cell[FLOOD_KINDS];
};

/* What people would use instead, in one layout: beside an echo of replies as long as its own. */
struct peer_cell {
    char id[24],
        title[64]; /* "redis", "Redis, Unix socket"; "redis-connect" for a new connection each */
    char version[64];
    char config[64];  /* the file it was started with, below tools/bench/peers */
    char limits[256]; /* what this row does not show; Markdown */
    enum layout layout;
    size_t value_bytes, reply_bytes;
    unsigned connections;
    struct side echo, peer;
    struct ratio ratio[METRICS];
    long rss_kib;         /* of all its processes */
    struct error missing; /* why it was left out; empty: it was not */
};

struct peers {
    size_t cells;
    struct peer_cell cell[RESULTS_PEER_CELLS_MAX];
};

/* How a figure grows. What was not measured at a point is 0. */
struct curve_point {
    double x;
    double p50_ns, p99_ns;      /* of vsecmd */
    double echo_p50_ns;         /* of the echo, or other yardstick, at that X */
    struct ratio p50, p99;      /* vsecmd / echo over the rounds */
    double requests_per_second; /* of vsecmd */
    long rss_kib;
};

struct curve {
    char id[24], title[64], unit[24]; /* "secrets", "warm GET 64 B", "secrets" */
    enum layout layout;
    size_t points;
    struct curve_point point[RESULTS_POINTS_MAX];
};

struct growth {
    size_t curves;
    struct curve curve[RESULTS_CURVES_MAX];
};

/* What a request costs the daemon in numbers that depend on no clock. */
struct cost_row {
    char workload[24];
    unsigned instructions; /* in its own space */
    double calls;          /* system calls */
};

struct cost {
    char tools[160]; /* what they were counted with */
    size_t rows;     /* 0: none are on record */
    struct cost_row row[RESULTS_COSTS_MAX];
    struct error missing; /* why there is no record; empty: there is one, or nobody asked */
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
    struct hooks hooks;
    struct noisy noisy;
    struct peers peers;
    struct growth growth;
    struct cost cost;
};

/* "same", "apart"; "p50", "p99", "throughput"; "whole", "execute"; "plain", ..., "copy_1k". */
const char *results_layout_name(enum layout layout);
const char *results_metric_name(enum metric metric);
const char *results_render_name(enum render_kind kind);
const char *results_page_read_name(enum page_read_kind kind);
const char *results_hook_name(enum hook_kind kind);
const char *results_flood_name(enum flood_kind kind);
const char *results_flood_title(enum flood_kind kind); /* for people */

/* Fill in the machine and the time. */
void results_describe_machine(struct results *results);

/* Of a side: requests a second, and the server's processor time for one request in ns. */
double results_rate(const struct side *side);
double results_cpu_ns(const struct side *side);

/* The part of a server's processor time spent in the kernel, 0..1. */
double results_system_share(const struct usage *used);

#endif
