/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/pace.h"

#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <sys/prctl.h>
#include <time.h>

#define NS_PER_S 1000000000u

void pace_begin(struct pace *pace, double rate, uint64_t now_ns, uint64_t duration_ns)
{
    *pace = (struct pace){.rate = rate, .begin_ns = now_ns, .end_ns = now_ns + duration_ns};
}

uint64_t pace_all(const struct pace *pace)
{
    double seconds = (double)(pace->end_ns - pace->begin_ns) / NS_PER_S;
    return (uint64_t)ceil(seconds * pace->rate - 1e-9);
}

uint64_t pace_next(const struct pace *pace, uint64_t now_ns)
{
    if (pace->rate <= 0)
        return now_ns < pace->end_ns ? now_ns : PACE_FOREVER;
    if (pace->taken >= pace_all(pace))
        return PACE_FOREVER;
    /* From the beginning each time: no rounding adds up. */
    return pace->begin_ns + (uint64_t)((double)pace->taken * NS_PER_S / pace->rate);
}

bool pace_take(struct pace *pace, uint64_t now_ns, uint64_t *due_ns)
{
    uint64_t due = pace_next(pace, now_ns);

    if (due > now_ns)
        return false;
    pace->taken++;
    *due_ns = due;
    return true;
}

bool pace_wait(struct pace *pace, uint64_t *due_ns)
{
    uint64_t now = clock_mono_ns(), due = pace_next(pace, now);

    if (due == PACE_FOREVER || now >= pace->end_ns)
        return false;
    if (pace->rate > 0)
        pace_sleep(due);
    pace->taken++;
    *due_ns = due;
    return true;
}

uint64_t pace_give_up(struct pace *pace, uint64_t now_ns, unsigned weight, struct hist *latency)
{
    uint64_t due, count = 0;

    for (; pace->rate > 0 && pace_take(pace, now_ns, &due); count++)
        for (unsigned i = 0; i < weight; i++)
            hist_add(latency, now_ns - due);
    return count;
}

void pace_sleep(uint64_t ns)
{
    struct timespec at = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};

    prctl(PR_SET_TIMERSLACK, 1UL);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}
