/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/verdict.h"

#include <stdio.h>
#include <string.h>

#define MEMORY_LIMIT_MIB 8.0
#define START_LIMIT_MIB 24.0
#define START_LIMIT_MS 1000.0
#define RENDER_LIMIT 1.0 /* of Go's time for the same */
#define PAGE_READ_LIMIT_NS 5.0
#define HOOK_LIMIT 1.15 /* of a connect without us */
#define NOISY_LIMIT 3.0 /* of the time without a flood */

static const double follow_limits_ms[FOLLOW_KINDS] = {[FOLLOW_WATCH] = 5.0, [FOLLOW_PAGE] = 1.0};

struct target {
    const char *id;
    enum layout layout; /* the one where this figure says something */
    enum metric metric;
    bool at_most;
    double limit;
    const char *why;
};

#define WHY_GET                                                                               \
    "beyond what the socket costs a request has its audit record and the system call filter " \
    "(0.1 us), and parsing, look-up and decision, of whose code and data the first cache "    \
    "keeps little from one request to the next (0.2 us)"
#define WHY_CONNECT \
    "beyond the socket there are the record in connect(), who that is, and its audit"
#define WHY_PUT "a put seals its record and writes it before it is acknowledged"
#define WHY_TAIL \
    "tails are of the machine first: see the least and the greatest round, and measure it at rest"

static const struct target targets[] = {
    {"get-64", LAYOUT_SAME, METRIC_P50, true, 1.10, WHY_GET},
    {"get-64", LAYOUT_SAME, METRIC_P99, true, 1.15, WHY_TAIL},
    {"get-1k", LAYOUT_SAME, METRIC_P50, true, 1.10, WHY_GET},
    {"get-1k", LAYOUT_SAME, METRIC_P99, true, 1.15, WHY_TAIL},
    {"connect", LAYOUT_SAME, METRIC_P50, true, 1.12, WHY_CONNECT},
    {"clients-50", LAYOUT_APART, METRIC_RATE, false, 0.85, WHY_GET},
    {"put-64", LAYOUT_SAME, METRIC_P50, true, 5.0, WHY_PUT},
    {"put-1k", LAYOUT_SAME, METRIC_P50, true, 5.0, WHY_PUT},
};

static const struct cell *find_cell(const struct results *results, const struct target *target)
{
    for (size_t i = 0; i < results->cells; i++) {
        const struct cell *cell = &results->cell[i];
        if (cell->layout == target->layout && strcmp(cell->id, target->id) == 0)
            return cell;
    }
    return NULL;
}

static void judge(struct verdict *verdict)
{
    verdict->met =
        verdict->at_most ? verdict->value <= verdict->limit : verdict->value >= verdict->limit;
    verdict->off_percent = 100.0 * (verdict->value / verdict->limit - 1.0);
    if (!verdict->why[0])
        snprintf(verdict->why, sizeof(verdict->why),
                 "not known; measure it again on a machine at rest");
}

static size_t judge_memory(const struct memory *memory, struct verdict *ret)
{
    if (!memory->secrets)
        return 0;
    *ret = (struct verdict){.unit = "MiB",
                            .at_most = true,
                            .limit = MEMORY_LIMIT_MIB,
                            .value = (double)memory->full_kib / 1024.0};
    snprintf(ret->what, sizeof(ret->what), "resident with %u secrets of %zu B", memory->secrets,
             memory->value_bytes);
    judge(ret);
    return 1;
}

static size_t judge_start(const struct start *start, struct verdict ret[static 2])
{
    if (!start->secrets)
        return 0;
    ret[0] = (struct verdict){
        .unit = "ms", .at_most = true, .limit = START_LIMIT_MS, .value = start->ready_ms.median};
    ret[1] = (struct verdict){.unit = "MiB",
                              .at_most = true,
                              .limit = START_LIMIT_MIB,
                              .value = (double)start->rss_kib / 1024.0};
    snprintf(ret[0].what, sizeof(ret[0].what), "start with %u secrets of %zu B", start->secrets,
             start->value_bytes);
    snprintf(ret[1].what, sizeof(ret[1].what), "resident after that start");
    judge(&ret[0]);
    judge(&ret[1]);
    return 2;
}

static size_t judge_render(const struct render *render, struct verdict ret[static RENDER_KINDS])
{
    if (!render->times)
        return 0;
    for (enum render_kind kind = 0; kind < RENDER_KINDS; kind++) {
        ret[kind] = (struct verdict){.unit = "x Go",
                                     .at_most = true,
                                     .limit = RENDER_LIMIT,
                                     .value = render->cell[kind].ratio.median};
        snprintf(ret[kind].what, sizeof(ret[kind].what), "render %zu B, %u fields: %s",
                 render->value_bytes, render->fields, results_render_name(kind));
        judge(&ret[kind]);
    }
    return RENDER_KINDS;
}

/* From the acknowledgement on: it leaves before anybody is told. */
static size_t judge_follow(const struct follow *follow, double limit_ms,
                           struct verdict ret[static LAYOUTS])
{
    for (size_t i = 0; i < follow->cells; i++) {
        const struct follow_cell *cell = &follow->cell[i];
        uint64_t p99 = hist_percentile(&cell->vsecmd.after_ack, 0.99);
        ret[i] = (struct verdict){
            .unit = "ms", .at_most = true, .limit = limit_ms, .value = (double)p99 / 1e6};
        snprintf(ret[i].what, sizeof(ret[i].what), "%s, %s: p99", follow->title,
                 results_layout_name(cell->layout));
        snprintf(ret[i].why, sizeof(ret[i].why),
                 "a raw fan-out to as many took %.2f ms there, and vsecmd %.2f times its p99",
                 (double)hist_percentile(&cell->raw.after_ack, 0.99) / 1e6, cell->p99.median);
        judge(&ret[i]);
    }
    return follow->cells;
}

static size_t judge_page_read(const struct page_read *page_read, struct verdict *ret)
{
    if (!page_read->times)
        return 0;
    *ret = (struct verdict){.unit = "ns",
                            .at_most = true,
                            .limit = PAGE_READ_LIMIT_NS,
                            .value = page_read->ns[PAGE_READ_PLAIN].median};
    snprintf(ret->what, sizeof(ret->what), "read 64 B from a page by libvsecm");
    judge(ret);
    return 1;
}

static size_t judge_hooks(const struct hooks *hooks, struct verdict *ret)
{
    if (!hooks->rounds)
        return 0;
    *ret = (struct verdict){.unit = "x bare",
                            .at_most = true,
                            .limit = HOOK_LIMIT,
                            .value = hooks->cell[HOOK_CONNECT].ratio[HOOK_GUARDS].median};
    snprintf(ret->what, sizeof(ret->what), "%s of others", results_hook_name(HOOK_CONNECT));
    judge(ret);
    return 1;
}

static size_t judge_noisy(const struct noisy *noisy, struct verdict ret[static FLOOD_KINDS])
{
    if (!noisy->requests)
        return 0;
    for (enum flood_kind kind = 0; kind < FLOOD_KINDS; kind++) {
        ret[kind] = (struct verdict){.unit = "x quiet",
                                     .at_most = true,
                                     .limit = NOISY_LIMIT,
                                     .why = WHY_TAIL,
                                     .value = noisy->cell[kind].p99.median};
        snprintf(ret[kind].what, sizeof(ret[kind].what), "beside %s: p99",
                 results_flood_title(kind));
        judge(&ret[kind]);
    }
    return FLOOD_KINDS;
}

size_t verdict_all(const struct results *results, struct verdict ret[static VERDICTS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        const struct cell *cell = find_cell(results, &targets[i]);
        if (!cell)
            continue;
        struct verdict *verdict = &ret[n++];
        snprintf(verdict->what, sizeof(verdict->what), "%s, %s: %s", cell->title,
                 results_layout_name(cell->layout), results_metric_name(targets[i].metric));
        verdict->unit = "x";
        snprintf(verdict->why, sizeof(verdict->why), "%s", targets[i].why);
        verdict->at_most = targets[i].at_most;
        verdict->limit = targets[i].limit;
        verdict->value = cell->ratio[targets[i].metric].median;
        judge(verdict);
    }
    n += judge_memory(&results->memory, ret + n);
    n += judge_start(&results->start, ret + n);
    n += judge_render(&results->render, ret + n);
    for (enum follow_kind kind = 0; kind < FOLLOW_KINDS; kind++)
        n += judge_follow(&results->follow[kind], follow_limits_ms[kind], ret + n);
    n += judge_page_read(&results->page_read, ret + n);
    n += judge_hooks(&results->hooks, ret + n);
    n += judge_noisy(&results->noisy, ret + n);
    return n;
}
