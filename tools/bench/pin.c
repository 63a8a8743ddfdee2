/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/pin.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

int pin_choose(int *server_cpu, int *client_cpu)
{
    cpu_set_t allowed;
    int last = -1, before = -1;

    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return -errno;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((size_t)cpu, &allowed))
            continue;
        before = last;
        last = cpu;
    }
    if (last < 0)
        return -ENODEV;
    *server_cpu = last;
    *client_cpu = before < 0 ? last : before;
    return 0;
}

int pin_process(pid_t pid, int cpu)
{
    char path[64];
    cpu_set_t set;
    int r = 0;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return -errno;
    for (struct dirent *entry; r == 0 && (entry = readdir(tasks));) {
        pid_t task = (pid_t)strtol(entry->d_name, NULL, 10);
        if (task > 0 && sched_setaffinity(task, sizeof(set), &set))
            r = -errno;
    }
    closedir(tasks);
    return r;
}
