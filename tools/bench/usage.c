/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/usage.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000ull

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

static int read_stat(pid_t pid, struct usage *usage)
{
    char line[1024];
    FILE *file = open_proc(pid, "stat");

    if (!file)
        return -errno;
    size_t length = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[length] = '\0';

    /* The program's name may hold blanks and brackets; the fields start after its last one. */
    const char *fields = strrchr(line, ')');
    if (!fields ||
        sscanf(fields + 1,
               " %*c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64 " %*u %" SCNu64 " %" SCNu64,
               &usage->minor_faults, &usage->major_faults, &usage->user_ticks,
               &usage->system_ticks) != 4)
        return -EIO;
    return 0;
}

static void add_switches(const char *path, struct usage *usage)
{
    char line[256];
    uint64_t count;
    FILE *file = fopen(path, "re");

    while (file && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &count) == 1)
            usage->voluntary_switches += count;
        else if (sscanf(line, "nonvoluntary_ctxt_switches: %" SCNu64, &count) == 1)
            usage->involuntary_switches += count;
    }
    if (file)
        fclose(file);
}

/* A thread that ends meanwhile takes its own with it. */
static int read_switches(pid_t pid, struct usage *usage)
{
    char path[512];

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return -errno;
    usage->voluntary_switches = usage->involuntary_switches = 0;
    for (struct dirent *entry; (entry = readdir(tasks));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid, entry->d_name);
        add_switches(path, usage);
    }
    closedir(tasks);
    return 0;
}

int usage_read(pid_t pid, struct usage *usage)
{
    clockid_t clock;
    struct timespec used;
    int r = clock_getcpuclockid(pid, &clock);

    if (r)
        return -r;
    if (clock_gettime(clock, &used))
        return -errno;
    usage->cpu_ns = (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
    r = read_stat(pid, usage);
    return r ? r : read_switches(pid, usage);
}

void usage_add_difference(struct usage *total, const struct usage *before,
                          const struct usage *after)
{
    total->cpu_ns += after->cpu_ns - before->cpu_ns;
    total->user_ticks += after->user_ticks - before->user_ticks;
    total->system_ticks += after->system_ticks - before->system_ticks;
    total->minor_faults += after->minor_faults - before->minor_faults;
    total->major_faults += after->major_faults - before->major_faults;
    total->voluntary_switches += after->voluntary_switches - before->voluntary_switches;
    total->involuntary_switches += after->involuntary_switches - before->involuntary_switches;
    total->instructions += after->instructions - before->instructions;
}

long usage_rss_kib(pid_t pid)
{
    char line[256];
    long kib = -EIO;
    FILE *file = open_proc(pid, "status");

    if (!file)
        return -errno;
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    fclose(file);
    return kib;
}
