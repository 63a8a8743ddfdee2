/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/family.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The parent of process PID; 0: it has none, or is gone. */
static pid_t parent_of(pid_t pid)
{
    char path[64], line[512];
    int parent = 0;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
    fclose(file);
    /* The program's name may hold blanks and brackets; the fields start after its last one. */
    const char *fields = strrchr(line, ')');
    return fields && sscanf(fields + 1, " %*c %d", &parent) == 1 ? (pid_t)parent : 0;
}

static bool has(const pid_t *pids, size_t count, pid_t pid)
{
    for (size_t i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

/* One walk over all processes: those whose parent is known are added. How many there are now. */
static size_t add_children(DIR *proc, pid_t *pids, size_t count)
{
    rewinddir(proc);
    for (struct dirent *entry; count < FAMILY_MAX && (entry = readdir(proc));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && !has(pids, count, pid) && has(pids, count, parent_of(pid)))
            pids[count++] = pid;
    }
    return count;
}

int family_find(pid_t pid, pid_t ret[static FAMILY_MAX])
{
    size_t count = 1, before;
    DIR *proc = opendir("/proc");

    if (!proc)
        return -errno;
    ret[0] = pid;
    /* Numbers wrap, so a child may come before its parent in a walk. */
    do {
        before = count;
        count = add_children(proc, ret, count);
    } while (count > before);
    closedir(proc);
    return (int)count;
}

int family_usage(pid_t pid, struct usage *usage)
{
    static const struct usage nothing;
    pid_t pids[FAMILY_MAX];
    int count = family_find(pid, pids);

    *usage = nothing;
    for (int i = 0; i < count; i++) {
        struct usage one = {0};
        int r = usage_read(pids[i], &one);
        if (r && i == 0)
            return r;
        if (r == 0)
            usage_add_difference(usage, &nothing, &one);
    }
    return count < 0 ? count : 0;
}

long family_rss_kib(pid_t pid)
{
    pid_t pids[FAMILY_MAX];
    long sum = 0;
    int count = family_find(pid, pids);

    for (int i = 0; i < count; i++) {
        long kib = usage_rss_kib(pids[i]);
        if (kib < 0 && i == 0)
            return kib;
        sum += kib > 0 ? kib : 0;
    }
    return count < 0 ? count : sum;
}
