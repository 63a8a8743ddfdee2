/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/results.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

const char *results_layout_name(enum layout layout)
{
    static const char *const names[LAYOUTS] = {"same", "apart"};
    return names[layout];
}

const char *results_metric_name(enum metric metric)
{
    static const char *const names[METRICS] = {"p50", "p99", "throughput"};
    return names[metric];
}

const char *results_render_name(enum render_kind kind)
{
    static const char *const names[RENDER_KINDS] = {"whole", "execute"};
    return names[kind];
}

const char *results_page_read_name(enum page_read_kind kind)
{
    static const char *const names[PAGE_READ_KINDS] = {"plain", "expires", "copy_64", "copy_1k"};
    return names[kind];
}

static void read_processor(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");

    snprintf(name, size, "unknown");
    if (!file)
        return;
    while (fgets(line, sizeof(line), file)) {
        const char *value = strstr(line, ": ");
        if (strncmp(line, "model name", 10) != 0 || !value)
            continue;
        snprintf(name, size, "%.*s", (int)strcspn(value + 2, "\n"), value + 2);
        break;
    }
    fclose(file);
}

void results_describe_machine(struct results *results)
{
    struct utsname name;
    char now[CLOCK_RFC3339];

    clock_format_seconds(clock_wall_us(), now);
    snprintf(results->started, sizeof(results->started), "%.31s", now);
    if (uname(&name) == 0)
        snprintf(results->kernel, sizeof(results->kernel), "%s %s", name.release, name.machine);
    read_processor(results->processor, sizeof(results->processor));
    if (getloadavg(&results->load_average, 1) != 1)
        results->load_average = 0;
}

double results_rate(const struct side *side)
{
    return (double)side->requests * 1e9 / (double)side->elapsed_ns;
}

double results_cpu_ns(const struct side *side)
{
    return (double)side->used.cpu_ns / (double)side->requests;
}

double results_system_share(const struct usage *used)
{
    uint64_t ticks = used->user_ticks + used->system_ticks;
    return ticks ? (double)used->system_ticks / (double)ticks : 1.0;
}

const char *results_hook_name(enum hook_kind kind)
{
    static const char *const names[HOOK_KINDS] = {[HOOK_CONNECT] = "connect+accept+close",
                                                  [HOOK_GETSOCKOPT] = "getsockopt",
                                                  [HOOK_OPEN] = "open+close",
                                                  [HOOK_MMAP] = "mmap+munmap",
                                                  [HOOK_FORK] = "fork+exit+wait",
                                                  [HOOK_RECEIVE] = "SCM_RIGHTS sent+received",
                                                  [HOOK_RENAME] = "create+rename+unlink",
                                                  [HOOK_FLOCK] = "flock+unlock"};
    return names[kind];
}

static const struct {
    const char *name, *title;
} floods[FLOOD_KINDS] = {
    [FLOOD_GET_1] = {"get_1", "GETs on 1 connection"},
    [FLOOD_GET_64] = {"get_64", "GETs on 64 connections"},
    [FLOOD_PIPELINE] = {"pipeline", "GETs, 64 at once on 1"},
    [FLOOD_CONNECT] = {"connect", "connect + close"},
    [FLOOD_UNREAD] = {"unread", "GETs of 1 MiB, never read"},
    [FLOOD_404] = {"404", "GETs of nothing (404)"},
    [FLOOD_403] = {"403", "GETs refused (403)"},
};

const char *results_flood_name(enum flood_kind kind)
{
    return floods[kind].name;
}

const char *results_flood_title(enum flood_kind kind)
{
    return floods[kind].title;
}
