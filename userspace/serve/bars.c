/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/bars.h"

#include <stdlib.h>

#include "base/table.h"
#include "limits.h"

/* The score is kept in thousandths, as LIMIT_BAR_FORGIVEN is for a second and times are ms. */
#define REFUSAL 1000u
#define FULL ((uint64_t)LIMIT_BAR_REFUSALS * REFUSAL)

struct bar {
    uint64_t domain;
    uint64_t score, scored_ms; /* as of then */
    uint64_t length_ms;        /* of the last bar; 0: there was none of late */
    uint64_t until_ms;         /* of the one in force, or when the last was over */
    int is_barred;
};

struct bars {
    struct table *table;
    size_t barred;
};

struct bars *bars_new(size_t max)
{
    struct bars *bars = calloc(1, sizeof *bars);
    if (!bars)
        return NULL;
    bars->table = table_new(max);
    if (!bars->table) {
        free(bars);
        return NULL;
    }
    return bars;
}

void bars_free(struct bars *bars)
{
    if (!bars)
        return;
    size_t at = 0;
    for (struct bar *bar; (bar = table_next(bars->table, &at));)
        free(bar);
    table_free(bars->table);
    free(bars);
}

static struct span key_of(const uint64_t *domain)
{
    return (struct span){(const char *)domain, sizeof *domain};
}

static void leak(struct bar *bar, uint64_t now_ms)
{
    uint64_t elapsed = now_ms > bar->scored_ms ? now_ms - bar->scored_ms : 0;
    int all = elapsed >= FULL / LIMIT_BAR_FORGIVEN || elapsed * LIMIT_BAR_FORGIVEN >= bar->score;
    bar->score = all ? 0 : bar->score - elapsed * LIMIT_BAR_FORGIVEN;
    bar->scored_ms = now_ms;
}

/* A bar is remembered for as long again as it lasted: whoever goes on meanwhile gets a longer one.
 */
static int is_remembered(const struct bar *bar, uint64_t now_ms)
{
    return bar->length_ms && now_ms < bar->until_ms + bar->length_ms;
}

static void forget(struct bars *bars, struct bar *bar)
{
    table_remove(bars->table, key_of(&bar->domain));
    free(bar);
}

/* Make room for one: the first that is worth no more, which is looked for only when it is full. */
static void make_room(struct bars *bars, uint64_t now_ms)
{
    size_t at = 0;
    for (struct bar *bar; (bar = table_next(bars->table, &at));) {
        leak(bar, now_ms);
        if (bar->is_barred || bar->score || is_remembered(bar, now_ms))
            continue;
        forget(bars, bar);
        return;
    }
}

static struct bar *add(struct bars *bars, uint64_t domain, uint64_t now_ms)
{
    struct bar *bar = calloc(1, sizeof *bar);
    if (!bar)
        return NULL;
    bar->domain = domain;
    bar->scored_ms = now_ms;
    if (table_set(bars->table, key_of(&bar->domain), bar, NULL) == 0)
        return bar;
    make_room(bars, now_ms);
    if (table_set(bars->table, key_of(&bar->domain), bar, NULL) == 0)
        return bar;
    free(bar);
    return NULL;
}

uint64_t bars_refused(struct bars *bars, uint64_t domain, uint64_t now_ms)
{
    struct bar *bar = table_find(bars->table, key_of(&domain));
    if (!bar)
        bar = add(bars, domain, now_ms);
    if (!bar || bar->is_barred)
        return 0;
    leak(bar, now_ms);
    bar->score += REFUSAL;
    if (bar->score < FULL)
        return 0;
    uint64_t length = is_remembered(bar, now_ms) ? 2 * bar->length_ms : LIMIT_BAR_MIN_MS;
    bar->length_ms = length < LIMIT_BAR_MAX_MS ? length : LIMIT_BAR_MAX_MS;
    bar->until_ms = now_ms + bar->length_ms;
    bar->score = 0;
    bar->is_barred = 1;
    bars->barred++;
    return bar->length_ms;
}

void bars_undo(struct bars *bars, uint64_t domain)
{
    struct bar *bar = table_find(bars->table, key_of(&domain));
    if (!bar)
        return;
    bars->barred -= (size_t)bar->is_barred;
    forget(bars, bar);
}

uint64_t bars_lift(struct bars *bars, uint64_t now_ms, int everybody)
{
    size_t at = 0;
    if (!bars->barred)
        return 0;
    for (struct bar *bar; (bar = table_next(bars->table, &at));) {
        if (!bar->is_barred || (!everybody && now_ms < bar->until_ms))
            continue;
        bar->is_barred = 0;
        bar->until_ms = now_ms;
        bars->barred--;
        return bar->domain;
    }
    return 0;
}

size_t bars_count(const struct bars *bars)
{
    return bars->barred;
}
