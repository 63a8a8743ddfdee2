/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/hooks.h"

#include "bench/hook_op.h"
#include "bench/job.h"
#include "bench/progress.h"
#include "bench/ratio.h"
#include "bench/suite.h"

#include <errno.h>
#include <stdlib.h>

#define HOOKS_QUICK_DIVISOR 4u

struct run {
    const struct stage *stage;
    struct hook_times *times; /* shared with the jobs */
    double ns[HOOK_KINDS][HOOK_SIDES][SUITE_ROUNDS_MAX];
};

static int measure(struct run *run, enum hook_side side, unsigned round, struct error *error)
{
    const struct stage *stage = run->stage;
    struct daemon_options daemon_options = *stage->daemon;
    struct daemon daemon = {0};
    int r = 0;

    daemon_options.guards = side == HOOK_GUARDS ? "auto" : "no";
    if (side != HOOK_NONE)
        r = daemon_start(&daemon, &daemon_options, stage->pod, error);
    if (r == 0) {
        run->times->divisor = stage->quick ? HOOKS_QUICK_DIVISOR : 1;
        r = job_run(hook_op_time, run->times, stage->client_cpu, NULL, error);
    }
    daemon_stop(&daemon);
    for (enum hook_kind kind = 0; kind < HOOK_KINDS && r == 0; kind++)
        run->ns[kind][side][round] = run->times->ns[kind];
    return r;
}

static void sum_up(struct run *run, struct hooks *hooks)
{
    unsigned rounds = run->stage->rounds;
    double ratios[SUITE_ROUNDS_MAX];

    for (enum hook_kind kind = 0; kind < HOOK_KINDS; kind++) {
        struct hook_cell *cell = &hooks->cell[kind];
        for (enum hook_side side = HOOK_ATTEST; side < HOOK_SIDES; side++) {
            for (unsigned round = 0; round < rounds; round++)
                ratios[round] = run->ns[kind][side][round] / run->ns[kind][HOOK_NONE][round];
            cell->ratio[side] = ratio_of(ratios, rounds);
        }
        for (enum hook_side side = HOOK_NONE; side < HOOK_SIDES; side++)
            cell->ns[side] = ratio_of(run->ns[kind][side], rounds).median;
    }
    hooks->rounds = rounds;
}

int hooks_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct run *run = calloc(1, sizeof(*run));
    int r = 0;

    if (!run || !(run->times = job_alloc(sizeof(*run->times)))) {
        free(run);
        return error_errno(error, -ENOMEM, "hooks");
    }
    run->stage = stage;
    for (unsigned round = 0; round < stage->rounds && r == 0; round++) {
        progress_show("hooks: round %u of %u", round + 1, stage->rounds);
        for (unsigned i = 0; i < HOOK_SIDES && r == 0; i++)
            r = measure(run, round % 2 ? HOOK_SIDES - 1 - i : i, round, error);
    }
    if (r == 0)
        sum_up(run, &results->hooks);
    job_free(run->times, sizeof(*run->times));
    free(run);
    return r;
}
