/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/monitor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define WAIT_MIN_MS 100u
#define WAIT_MAX_MS 5000u
#define LIVED_MS 10000u /* a child that lived so long was well: the next one follows soon */
#define ENDING_MS 5000u /* that it has to end when it is told to */

struct monitor {
    const struct monitor_options *options;
    pid_t child; /* 0: there is none */
    uint64_t begun_ms;
    unsigned wait_ms;
    sigset_t signals;
    int is_ending;
    int status; /* to exit with */
};

/* The next signal within MS, or 0. */
static int wait_signal(const struct monitor *monitor, uint64_t ms)
{
    const struct timespec limit = {.tv_sec = (time_t)(ms / 1000),
                                   .tv_nsec = (long)(ms % 1000) * 1000000};
    int r = sigtimedwait(&monitor->signals, NULL, &limit);
    return r > 0 ? r : 0;
}

static _Noreturn void be_child(const struct monitor *monitor, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) /* it died before the line above */
        _exit(EXIT_FAILURE);
    sigprocmask(SIG_UNBLOCK, &monitor->signals, NULL);
    monitor->options->work(monitor->options->context);
    _exit(EXIT_FAILURE);
}

static void begin(struct monitor *monitor)
{
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        be_child(monitor, parent);
    if (child < 0)
        log_error("fork: %s", strerror(errno));
    monitor->child = child > 0 ? child : 0;
    monitor->begun_ms = clock_mono_ms();
}

static void say(int status)
{
    if (WIFSIGNALED(status))
        log_error("the worker was killed by signal %d (%s)", WTERMSIG(status),
                  strsignal(WTERMSIG(status)));
    else
        log_error("the worker ended with status %d", WEXITSTATUS(status));
}

static void end_with(struct monitor *monitor, int status)
{
    monitor->child = 0;
    if (monitor->options->ends_with_work && WIFEXITED(status)) {
        monitor->is_ending = 1;
        monitor->status = WEXITSTATUS(status);
    }
    if (!monitor->is_ending)
        say(status);
    if (clock_mono_ms() - monitor->begun_ms >= LIVED_MS)
        monitor->wait_ms = WAIT_MIN_MS;
}

/* As the first process of a container it has children of others too. */
static void reap(struct monitor *monitor)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        if (pid == monitor->child)
            end_with(monitor, status);
}

/* How long may be waited for a signal. */
static uint64_t patience(struct monitor *monitor)
{
    if (monitor->child)
        return monitor->is_ending ? ENDING_MS : 60000;
    uint64_t ms = monitor->wait_ms;
    monitor->wait_ms = monitor->wait_ms * 2 < WAIT_MAX_MS ? monitor->wait_ms * 2 : WAIT_MAX_MS;
    return ms;
}

static void take_signals(struct monitor *monitor)
{
    sigemptyset(&monitor->signals);
    sigaddset(&monitor->signals, SIGTERM);
    sigaddset(&monitor->signals, SIGINT);
    sigaddset(&monitor->signals, SIGCHLD);
    if (monitor->options->passes_hangup)
        sigaddset(&monitor->signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &monitor->signals, NULL);
}

/* NUMBER 0: none came in time. */
static void on_signal(struct monitor *monitor, int number)
{
    int ends = number == SIGTERM || number == SIGINT;
    monitor->is_ending |= ends;
    if (!monitor->child)
        return;
    if (ends)
        kill(monitor->child, SIGTERM);
    else if (number == SIGHUP)
        kill(monitor->child, SIGHUP);
    else if (number == 0 && monitor->is_ending)
        kill(monitor->child, SIGKILL);
}

int monitor_run(const struct monitor_options *options)
{
    struct monitor monitor = {.options = options, .wait_ms = WAIT_MIN_MS, .status = EXIT_SUCCESS};
    take_signals(&monitor);
    begin(&monitor);
    while (!monitor.is_ending || monitor.child) {
        on_signal(&monitor, wait_signal(&monitor, patience(&monitor)));
        int had_child = monitor.child != 0;
        reap(&monitor);
        if (!had_child && !monitor.is_ending)
            begin(&monitor);
    }
    return monitor.status;
}
