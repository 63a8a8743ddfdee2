/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/verdict.h"

#include <stdio.h>
#include <string.h>

#define RSS_LIMIT_MIB 8.0

struct target {
    const char *id;
    enum layout layout; /* the one where this figure says something */
    enum metric metric;
    bool at_most;
    double limit;
};

static const struct target targets[] = {
    {"get-64", LAYOUT_SAME, METRIC_P50, true, 1.10},
    {"get-64", LAYOUT_SAME, METRIC_P99, true, 1.15},
    {"get-1k", LAYOUT_SAME, METRIC_P50, true, 1.10},
    {"get-1k", LAYOUT_SAME, METRIC_P99, true, 1.15},
    {"connect", LAYOUT_SAME, METRIC_P50, true, 1.12},
    {"clients-50", LAYOUT_APART, METRIC_RATE, false, 0.85},
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
        verdict->at_most = targets[i].at_most;
        verdict->limit = targets[i].limit;
        verdict->value = cell->ratio[targets[i].metric].median;
        judge(verdict);
    }
    if (results->memory.secrets) {
        struct verdict *verdict = &ret[n++];
        snprintf(verdict->what, sizeof(verdict->what), "resident with %u secrets of %zu B",
                 results->memory.secrets, results->memory.value_bytes);
        verdict->unit = "MiB";
        verdict->at_most = true;
        verdict->limit = RSS_LIMIT_MIB;
        verdict->value = (double)results->memory.full_kib / 1024.0;
        judge(verdict);
    }
    return n;
}
