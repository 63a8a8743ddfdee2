/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/pair.h"

#include "bench/turn.h"

#include <errno.h>
#include <sched.h>

/*
 * Where server and client share a processor, the scheduler decides by what each has used so far
 * whether a reply lets the client go on at once or when the server sleeps again, and changes its
 * mind: the same code then seems to take a fifth more or less. A batch process waits for the
 * server to end its turn.
 */
static int wait_for_turns_end(void)
{
    const struct sched_param none = {0};
    return sched_setscheduler(0, SCHED_BATCH, &none) ? -errno : 0;
}

static int take_part(void *shared, struct error *error)
{
    const struct pair_side *side = shared;
    int r = wait_for_turns_end();
    return r ? error_errno(error, r, "SCHED_BATCH") : side->work(side->shared, error);
}

/* Both are there from the beginning, each waiting while the other has its turn. */
static int run_jobs(struct pair_side side[static LOADS], struct turn turn[static LOADS], int cpu,
                    const struct pod *pod, int ended[static LOADS], struct error why[static LOADS],
                    struct error *error)
{
    struct job job[LOADS] = {{0}};
    int r = 0;

    for (enum load_of of = 0; of < LOADS && r == 0; of++)
        r = job_start(&job[of], take_part, &side[of], cpu, pod, error);
    turn_close(turn);
    for (enum load_of of = LOADS; of-- > 0;)
        ended[of] = job_wait(&job[of], &why[of]);
    return r;
}

int pair_run(const struct stage *stage, enum layout layout, const struct pod *pod,
             const char *title, struct pair_side side[static LOADS], struct error *error)
{
    int cpu = layout == LAYOUT_SAME ? stage->server_cpu : stage->client_cpu;
    struct error why[LOADS] = {0};
    struct turn turn[LOADS];
    int ended[LOADS], r = turn_make(turn);

    if (r)
        return error_errno(error, r, "cannot make a pair of sockets");
    for (enum load_of of = 0; of < LOADS; of++) {
        side[of].load->turn = &turn[of];
        /* What many ask is the server's to do: it should not wait for a processor to wake, too. */
        side[of].load->never_sleeps = cpu != stage->server_cpu;
    }
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
