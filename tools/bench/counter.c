/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/counter.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_one(pid_t thread)
{
    struct perf_event_attr attributes = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof(attributes),
        .config = PERF_COUNT_HW_INSTRUCTIONS,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
        .inherit = 1,
    };
    long fd = syscall(SYS_perf_event_open, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return fd < 0 ? -errno : (int)fd;
}

int counter_begin(pid_t pid, struct counter *counter)
{
    char path[64];
    int r = 0;

    *counter = (struct counter){0};
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return -errno;
    for (struct dirent *entry; r == 0 && (entry = readdir(tasks));) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread <= 0)
            continue;
        int fd = counter->threads < COUNTER_THREADS_MAX ? open_one(thread) : -E2BIG;
        if (fd >= 0)
            counter->fd[counter->threads++] = fd;
        else
            r = fd;
    }
    closedir(tasks);
    if (r)
        counter_end(counter); /* a part of the threads would be a wrong answer */
    return r;
}

uint64_t counter_end(struct counter *counter)
{
    uint64_t sum = 0;

    while (counter->threads > 0) {
        int fd = counter->fd[--counter->threads];
        struct {
            uint64_t count, enabled_ns, running_ns;
        } value;

        /* One that had to share its place with others was not always there. */
        if (read(fd, &value, sizeof(value)) == (ssize_t)sizeof(value) && value.running_ns > 0)
            sum += (uint64_t)((double)value.count * (double)value.enabled_ns /
                              (double)value.running_ns);
        close(fd);
    }
    return sum;
}
