/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t stop_seen;

static void note(int signal)
{
    (void)signal;
    stop_seen = 1;
}

static int handle_all(void (*handler)(int))
{
    /* No SA_RESTART: a wait under way must end. */
    struct sigaction action = {.sa_handler = handler};

    for (size_t i = 0; i < sizeof(stop_signals) / sizeof(stop_signals[0]); i++)
        if (sigaction(stop_signals[i], &action, NULL))
            return -errno;
    return 0;
}

int stop_install(void)
{
    return handle_all(note);
}

void stop_uninstall(void)
{
    handle_all(SIG_DFL);
}

bool stop_wanted(void)
{
    return stop_seen != 0;
}
