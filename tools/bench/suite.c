/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/suite.h"

#include "bench/cost.h"
#include "bench/follow.h"
#include "bench/growth.h"
#include "bench/hooks.h"
#include "bench/job.h"
#include "bench/memory.h"
#include "bench/noisy.h"
#include "bench/page_read.h"
#include "bench/peers.h"
#include "bench/pin.h"
#include "bench/progress.h"
#include "bench/render.h"
#include "bench/rows.h"
#include "bench/start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What can be run alone. A part of several rows knows them by number, and runs STAGE->only. */
struct part {
    const char *id, *title;
    int (*run)(const struct stage *stage, struct results *results, struct error *error);
    const char *(*row)(size_t i, const char **title); /* NULL: it is one row */
};

static const struct part parts[] = {
    {"requests", "the rows of requests, beside an echo", rows_run, rows_id},
    {MEMORY_ROW, "resident memory with many secrets", memory_run, NULL},
    {START_ROW, "start with a log full of secrets", start_run, NULL},
    {RENDER_ROW, "a template, beside Go's", render_run, NULL},
    {FOLLOW_WATCH_ROW, "a change, until 250 watches have it", follow_run_watch, NULL},
    {FOLLOW_PAGE_ROW, "a change, until 100 processes at a page have it", follow_run_page, NULL},
    {PAGE_READ_ROW, "reading a page", page_read_run, NULL},
    {HOOKS_ROW, "what hooks cost others", hooks_run, NULL},
    {NOISY_ROW, "a pod beside another that floods", noisy_run, NULL},
    {PEERS_ROW, "what people would use instead", peers_run, NULL},
    {GROWTH_ROW, "how latency and memory grow", growth_run, growth_row},
    {COST_ROW, "instructions and system calls of a request, on record", cost_run, NULL},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

const char *suite_row(size_t i, const char **title)
{
    for (size_t p = 0; p < PARTS; p++) {
        if (i-- == 0) {
            *title = parts[p].title;
            return parts[p].id;
        }
        const char *id = NULL;
        for (size_t row = 0; parts[p].row && (id = parts[p].row(row, title)); row++)
            if (i-- == 0)
                return id;
    }
    return NULL;
}

static bool has_row(const struct part *part, const char *id)
{
    const char *row, *title;

    for (size_t i = 0; part->row && (row = part->row(i, &title)); i++)
        if (strcmp(row, id) == 0)
            return true;
    return false;
}

static int run_parts(struct stage *stage, const char *only, struct results *results,
                     struct error *error)
{
    int r = 0;

    for (size_t i = 0; i < PARTS && r == 0; i++) {
        bool is_row = only && has_row(&parts[i], only);
        if (only && !is_row && strcmp(parts[i].id, only) != 0)
            continue;
        stage->only = is_row ? only : NULL;
        r = parts[i].run(stage, results, error);
    }
    return r;
}

static int run_all(struct stage *stage, const char *only, struct results *results,
                   struct error *error)
{
    struct pod pod = {0};
    int r = pin_choose(&stage->server_cpu, &stage->client_cpu);

    if (r)
        return error_errno(error, r, "cannot tell which processors may be used");
    results->server_cpu = stage->server_cpu;
    results->client_cpu = stage->client_cpu;
    stage->pod = &pod;
    r = pod_make(&pod, error);
    if (r == 0)
        r = run_parts(stage, only, results, error);
    pod_remove(&pod);
    progress_clear();
    return r;
}

int suite_run(const struct suite_options *options, struct results *results, struct error *error)
{
    struct stage stage = {.daemon = &options->daemon,
                          .peers_dir = options->peers_dir,
                          .rounds = options->rounds,
                          .quick = options->quick,
                          .render_go = options->render_go,
                          .cost = options->cost,
                          .load = job_alloc(LOADS * sizeof(*stage.load)),
                          .probe = job_alloc(sizeof(*stage.probe))};
    int r = -ENOMEM;

    results->rounds = options->rounds;
    results->quick = options->quick;
    results_describe_machine(results);
    if (stage.load && stage.probe)
        r = run_all(&stage, options->only, results, error);
    else
        error_errno(error, r, "suite");
    job_free(stage.probe, sizeof(*stage.probe));
    job_free(stage.load, LOADS * sizeof(*stage.load));
    return r;
}
