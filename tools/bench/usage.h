/* SPDX-License-Identifier: BSD-2-Clause */
/* What another process has used so far: processor time, page faults, switches, memory. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stdint.h>
#include <sys/types.h>

struct usage {
    uint64_t cpu_ns;     /* user and system, exact */
    uint64_t user_ticks; /* of clock ticks; good only for the share of each */
    uint64_t system_ticks;
    uint64_t minor_faults;
    uint64_t major_faults;
    uint64_t voluntary_switches; /* of all its threads that are there now */
    uint64_t involuntary_switches;
    uint64_t instructions; /* not of usage_read(): counter_end(); 0: nobody counted */
};

/* Read the use of process PID up to now. -errno, e.g. -ESRCH when it is gone. */
int usage_read(pid_t pid, struct usage *usage);

/* TOTAL += AFTER - BEFORE, member by member. */
void usage_add_difference(struct usage *total, const struct usage *before,
                          const struct usage *after);

/* Resident memory of process PID in KiB, or -errno. */
long usage_rss_kib(pid_t pid);

#endif
