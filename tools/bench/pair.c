/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/pair.h"

#include "bench/turn.h"

/* Both are there from the beginning, each waiting while the other has its turn. */
static int run_jobs(const struct pair_side side[static LOADS], struct turn turn[static LOADS],
                    int cpu, const struct pod *pod, int ended[static LOADS],
                    struct error why[static LOADS], struct error *error)
{
    struct job job[LOADS] = {{0}};
    int r = 0;

    for (enum load_of of = 0; of < LOADS && r == 0; of++)
        r = job_start(&job[of], side[of].work, side[of].shared, cpu, pod, error);
    turn_close(turn);
    for (enum load_of of = LOADS; of-- > 0;)
        ended[of] = job_wait(&job[of], &why[of]);
    return r;
}

int pair_run(const struct stage *stage, enum layout layout, const struct pod *pod,
             const char *title, const struct pair_side side[static LOADS], struct error *error)
{
    int cpu = layout == LAYOUT_SAME ? stage->server_cpu : stage->client_cpu;
    struct error why[LOADS] = {0};
    struct turn turn[LOADS];
    int ended[LOADS], r = turn_make(turn);

    if (r)
        return error_errno(error, r, "cannot make a pair of sockets");
    for (enum load_of of = 0; of < LOADS; of++)
        side[of].load->turn = &turn[of];
    r = run_jobs(side, turn, cpu, pod, ended, why, error);
    for (enum load_of of = 0; of < LOADS; of++)
        side[of].load->turn = NULL;
    /* The yardstick last: it fails when the other has, and not the other way round. */
    for (enum load_of of = LOADS; of-- > 0 && r == 0;)
        if (ended[of])
            r = error_set(error, ended[of], "%s, %s, %s: %s", title, results_layout_name(layout),
                          side[of].name, why[of].text);
    return r;
}
