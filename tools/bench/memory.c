/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/memory.h"

#include "base/clock.h"
#include "bench/fill.h"
#include "bench/job.h"
#include "bench/progress.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_WARMUP 2000u
#define MEMORY_REQUESTS 20000u

static int read_some(const struct daemon *daemon, const struct stage *stage, struct error *error)
{
    struct load *load = stage->load;

    snprintf(load->path, sizeof(load->path), "%s", daemon->socket);
    load->server = daemon->pid;
    load->request = HTTP_GET_SECRET;
    load->request_length = strlen(HTTP_GET_SECRET);
    load->reply_length = stage->probe->reply.length;
    load->warmup = MEMORY_WARMUP;
    load->requests = MEMORY_REQUESTS;
    return job_run(load_one, load, JOB_ANY_CPU, stage->pod, error);
}

static int measure(const struct daemon *daemon, const struct stage *stage, struct memory *memory,
                   struct error *error)
{
    memory->empty_kib = usage_rss_kib(daemon->pid);
    uint64_t began = clock_mono_ns();
    int r = fill_daemon(daemon, MEMORY_SECRETS, MEMORY_VALUE, stage->probe, error);
    if (r)
        return r;
    memory->put_us = (double)(clock_mono_ns() - began) / 1e3 / MEMORY_SECRETS;
    memory->full_kib = usage_rss_kib(daemon->pid);
    r = probe_verify(stage->probe, daemon, stage->pod, error);
    if (r == 0)
        r = read_some(daemon, stage, error);
    if (r)
        return r;
    memory->loaded_kib = usage_rss_kib(daemon->pid);
    memory->requests = stage->load->requests;
    memory->used = stage->load->used;
    if (memory->empty_kib < 0 || memory->full_kib < 0 || memory->loaded_kib < 0)
        return error_set(error, -EIO, "cannot read vsecmd's resident memory");
    return 0;
}

int memory_run(const struct stage *stage, struct results *results, struct error *error)
{
    struct memory *memory = &results->memory;
    struct daemon daemon = {0};

    progress_show("memory with %u secrets", MEMORY_SECRETS);
    int r = daemon_start(&daemon, stage->daemon, stage->pod, error);
    if (r == 0) {
        memory->secrets = MEMORY_SECRETS;
        memory->value_bytes = MEMORY_VALUE;
        memory->ready_ms = (double)daemon.ready_ns / 1e6;
        r = measure(&daemon, stage, memory, error);
        if (r)
            daemon_ended(&daemon, error);
    }
    daemon_stop(&daemon);
    return r;
}
