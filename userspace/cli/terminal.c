/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define SIGNALS (sizeof signals / sizeof *signals)

static volatile sig_atomic_t caught;

static void note(int signal)
{
    caught = signal;
}

/* read() is to return, so that the echo can be turned on again before the signal has its way. */
static void catch_signals(struct sigaction old[SIGNALS])
{
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    caught = 0;
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, &old[i]);
}

static void release_signals(const struct sigaction old[SIGNALS])
{
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &old[i], NULL);
}

static ssize_t read_line(int in, char *line, size_t size)
{
    ssize_t got = read(in, line, size);
    if (got < 0)
        return -errno;
    if ((size_t)got == size)
        return -EFBIG;
    return got && line[got - 1] == '\n' ? got - 1 : got;
}

ssize_t terminal_read_line(int in, int out, const char *prompt, char *line, size_t size)
{
    struct termios before;
    if (tcgetattr(in, &before) < 0)
        return -errno;
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    quiet.c_lflag |= ICANON | ISIG;

    struct sigaction old[SIGNALS];
    catch_signals(old);
    ssize_t got = tcsetattr(in, TCSAFLUSH, &quiet) < 0 ? -errno : 0;
    if (!got) {
        dprintf(out, "%s", prompt);
        got = read_line(in, line, size);
        tcsetattr(in, TCSAFLUSH, &before);
        dprintf(out, "\n");
    }
    release_signals(old);
    if (caught)
        raise(caught);
    return got;
}
