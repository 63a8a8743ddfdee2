/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/signals.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A fault of ours, or what stops us as a background process of a terminal together with a child. */
static const int left_alone[] = {
    SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGTTIN, SIGTTOU,
};

static const struct {
    const char *name;
    int number;
} names[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"USR1", SIGUSR1},
    {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"CONT", SIGCONT}, {"WINCH", SIGWINCH},
    {"ALRM", SIGALRM}, {"IO", SIGIO},     {"PWR", SIGPWR},   {"URG", SIGURG},
};

int signals_open(struct signals *ret)
{
    struct signals signals;
    sigset_t blocked;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof left_alone / sizeof *left_alone; i++)
        sigdelset(&blocked, left_alone[i]);
    if (sigprocmask(SIG_BLOCK, &blocked, &signals.before) < 0)
        return -errno;
    signals.fd = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals.fd < 0)
        return -errno;
    /* Nobody reads our messages any more: no reason to end. */
    const struct sigaction ignored = {.sa_handler = SIG_IGN}, usual = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &ignored, &signals.pipe_before);
    /* Ignored, it would let no child be waited for. */
    sigaction(SIGCHLD, &usual, NULL);
    *ret = signals;
    return 0;
}

int signals_next(const struct signals *signals, bool *sent)
{
    struct signalfd_siginfo info;
    ssize_t got = read(signals->fd, &info, sizeof info);
    if (got != (ssize_t)sizeof info)
        return 0;
    *sent = info.ssi_code <= 0;
    return (int)info.ssi_signo;
}

void signals_restore(const struct signals *signals)
{
    sigaction(SIGPIPE, &signals->pipe_before, NULL);
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

void signals_close(struct signals *signals)
{
    close(signals->fd);
    signals->fd = -1;
}

int signals_number(const char *name)
{
    uint64_t number;
    if (str_u64(span_of(name), 64, &number) == 0)
        return number && number != SIGKILL && number != SIGSTOP ? (int)number : -EINVAL;
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].number;
    return -EINVAL;
}
