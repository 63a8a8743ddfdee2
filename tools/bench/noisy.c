/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/noisy.h"

#include "base/clock.h"
#include "base/sock.h"
#include "bench/flood.h"
#include "bench/job.h"
#include "bench/load.h"
#include "bench/pin.h"
#include "bench/progress.h"
#include "bench/ratio.h"
#include "bench/suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define NOISY_REQUESTS 1000u
#define NOISY_WARMUP 50u
#define NOISY_ROUNDS_MAX 5u /* it is a third of a run's time, and its target is far off */
#define NOISY_QUICK_DIVISOR 2u
#define NOISY_BEGIN_US 200000u /* until a flood is one, and what it left behind is gone */
#define NOISY_NICE (-20)
#define NOISY_SMALL 64u
#define NOISY_LARGE (1024u * 1024u)

/* What a run has at hand. */
struct run {
    const struct stage *stage;
    struct pod neighbour;
    struct daemon daemon;
    struct flood *flood; /* shared with the job */
};

/* Figures of each round. */
struct rounds {
    double p50[SUITE_ROUNDS_MAX], p99[SUITE_ROUNDS_MAX], rate[SUITE_ROUNDS_MAX];
};

static int measure(struct run *run, struct hist *into, struct error *error)
{
    struct load *load = run->stage->load;
    struct error why = {{0}};
    int r = job_run(load_paced, load, run->stage->client_cpu, run->stage->pod, &why);

    if (r)
        return error_set(error, r, "%s, %s: %s", NOISY_ROW, results_flood_title(run->flood->kind),
                         why.text);
    hist_merge(into, &load->latency);
    return 0;
}

static int measure_noisy(struct run *run, struct noisy_cell *cell, double *rate,
                         struct error *error)
{
    struct flood *flood = run->flood;
    pid_t pid = flood_start(flood, run->stage->client_cpu, &run->neighbour, error);

    if (pid < 0)
        return pid;
    usleep(NOISY_BEGIN_US);
    uint64_t began = clock_mono_ns(), before = flood_count(flood);
    int r = measure(run, &cell->noisy, error);
    double seconds = (double)(clock_mono_ns() - began) / 1e9;
    *rate = (double)(flood_count(flood) - before) / seconds;
    flood_stop(pid);
    usleep(NOISY_BEGIN_US);
    if (r == 0 && *rate <= 0)
        r = error_set(error, -EPIPE, "%s: nothing was flooded: %s", NOISY_ROW,
                      results_flood_title(flood->kind));
    return r;
}

static int measure_pair(struct run *run, struct noisy_cell *cell, struct rounds *ret,
                        unsigned round, struct error *error)
{
    const struct hist *last = &run->stage->load->latency;
    int r = measure(run, &cell->quiet, error);

    if (r)
        return r;
    double p50 = (double)hist_percentile(last, 0.50), p99 = (double)hist_percentile(last, 0.99);
    r = measure_noisy(run, cell, &ret->rate[round], error);
    if (r)
        return r;
    ret->p50[round] = (double)hist_percentile(last, 0.50) / p50;
    ret->p99[round] = (double)hist_percentile(last, 0.99) / p99;
    return 0;
}

static int run_rounds(struct run *run, struct noisy_cell *cell, struct error *error)
{
    struct rounds rounds;
    unsigned n = run->stage->rounds < NOISY_ROUNDS_MAX ? run->stage->rounds : NOISY_ROUNDS_MAX;

    for (unsigned round = 0; round < n; round++) {
        progress_show("%s, %s: round %u of %u", NOISY_ROW, results_flood_title(run->flood->kind),
                      round + 1, n);
        int r = measure_pair(run, cell, &rounds, round, error);
        if (r)
            return r;
    }
    cell->p50 = ratio_of(rounds.p50, n);
    cell->p99 = ratio_of(rounds.p99, n);
    cell->rate = ratio_of(rounds.rate, n);
    return 0;
}

/* What the neighbour asks for. */
static int store_neighbour(struct run *run, struct error *error)
{
    size_t length = flood_needs_large(run->flood->kind) ? NOISY_LARGE : NOISY_SMALL;
    char *value = malloc(length + 1);
    int fd = sock_connect(run->daemon.admin);
    int r = value && fd >= 0 ? 0 : error_errno(error, -EIO, "cannot store the neighbour's secret");

    if (r == 0) {
        memset(value, 'n', length);
        value[length] = '\0';
        r = daemon_put(fd, DAEMON_NEIGHBOUR, value, error);
    }
    if (fd >= 0)
        close(fd);
    free(value);
    return r;
}

static int run_kinds(struct run *run, struct noisy *noisy, struct error *error)
{
    const struct stage *stage = run->stage;
    struct load *load = stage->load;
    unsigned divisor = stage->quick ? NOISY_QUICK_DIVISOR : 1;
    int r = probe_prepare(stage->probe, &run->daemon, NOISY_SMALL, stage->pod, error);

    snprintf(load->path, sizeof(load->path), "%s", run->daemon.socket);
    snprintf(run->flood->path, sizeof(run->flood->path), "%s", run->daemon.socket);
    load->server = run->daemon.pid;
    load->request = HTTP_GET_SECRET;
    load->request_length = strlen(HTTP_GET_SECRET);
    load->reply_length = stage->probe->reply.length;
    load->warmup = NOISY_WARMUP;
    load->requests = NOISY_REQUESTS / divisor;
    for (enum flood_kind kind = 0; kind < FLOOD_KINDS && r == 0; kind++) {
        run->flood->kind = kind;
        r = store_neighbour(run, error);
        if (r == 0)
            r = run_rounds(run, &noisy->cell[kind], error);
    }
    noisy->requests = load->requests;
    return r;
}

/*
 * Whoever else is on this machine is to be left out of it, as far as may be; but not the kernel's
 * own threads, which a real-time priority would starve of what a flood gives them to do.
 */
static int place_daemon(const struct daemon *daemon, int cpu, struct error *error)
{
    int r = pin_process(daemon->pid, cpu);

    if (r == 0 && setpriority(PRIO_PROCESS, (id_t)daemon->pid, NOISY_NICE))
        r = -errno;
    return r ? error_errno(error, r, "cannot give vsecmd a processor") : 0;
}

static int run_daemon(struct run *run, struct noisy *noisy, struct error *error)
{
    struct daemon_options options = *run->stage->daemon;

    options.others = &run->neighbour;
    options.other_count = 1;
    options.is_limited = true;
    int r = daemon_start(&run->daemon, &options, run->stage->pod, error);
    if (r == 0)
        r = place_daemon(&run->daemon, run->stage->server_cpu, error);
    if (r == 0)
        r = run_kinds(run, noisy, error);
    if (r)
        daemon_ended(&run->daemon, error);
    daemon_stop(&run->daemon);
    return r;
}

int noisy_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct run run = {.stage = stage};
    int r;

    if (stage->server_cpu == stage->client_cpu)
        return 0; /* whoever floods would take the daemon's processor itself */
    run.flood = job_alloc(sizeof(*run.flood));
    if (!run.flood)
        r = error_errno(error, -ENOMEM, NOISY_ROW);
    else
        r = pod_make(&run.neighbour, error);
    if (r == 0)
        r = run_daemon(&run, &results->noisy, error);
    pod_remove(&run.neighbour);
    job_free(run.flood, sizeof(*run.flood));
    return r;
}
