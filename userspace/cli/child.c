/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/child.h"

#include "base/error.h"
#include "cli/undumpable.h"
#include "client/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: become PLAN, or tell TELL why not. */
static _Noreturn void become(const struct child_plan *plan, const struct signals *signals, int tell)
{
    undumpable_undo();
    if (plan->fd >= 0)
        fcntl(plan->fd, F_SETFD, 0);
    signals_restore(signals);
    execvpe(plan->command[0], plan->command, plan->variables);
    int wrong = errno;
    _exit(write(tell, &wrong, sizeof wrong) < 0 ? 127 : 126);
}

/* The errno of a child that became nothing, 0 when it runs. */
static int outcome(int tell)
{
    int wrong = 0;
    ssize_t got;
    do
        got = read(tell, &wrong, sizeof wrong);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof wrong ? wrong : 0;
}

static void wait_for(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

int child_start(struct child *child, const struct child_plan *plan, const struct signals *signals,
                struct error *error)
{
    int tell[2];
    *child = (struct child){.status = 126};
    if (pipe2(tell, O_CLOEXEC) < 0)
        return error_errno(error, -errno, "cannot start a process");
    pid_t pid = fork();
    if (pid == 0)
        become(plan, signals, tell[1]);
    int wrong = pid < 0 ? errno : 0;
    close(tell[1]);
    if (!wrong)
        wrong = outcome(tell[0]);
    close(tell[0]);
    if (!wrong) {
        child->pid = pid;
        return 0;
    }
    if (pid > 0)
        wait_for(pid);
    child->status = wrong == ENOENT ? 127 : 126;
    if (wrong == E2BIG)
        return error_set(error, -wrong,
                         "%s: all variables and arguments together are too much for "
                         "the kernel; use --fd or --file",
                         plan->command[0]);
    return error_errno(error, -wrong, "%s", plan->command[0]);
}

static bool is_of_terminal(int number)
{
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

bool child_reap(struct child *child)
{
    bool ended = false;
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (pid != child->pid)
            continue;
        if (WIFSTOPPED(status)) {
            /* So that the shell whose job we are gets its terminal back. */
            if (is_of_terminal(WSTOPSIG(status)))
                raise(SIGSTOP);
            continue;
        }
        ended = true;
        child->pid = 0;
        child->kill_at = 0;
        child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return ended;
}

void child_signal(const struct child *child, int number)
{
    if (child->pid)
        kill(child->pid, number);
}

void child_stop(struct child *child, int64_t grace_ms)
{
    if (!child->pid || child->kill_at)
        return;
    child->kill_at = channel_now() + grace_ms;
    child_signal(child, SIGTERM);
    child_signal(child, SIGCONT); /* one that is stopped would not see it */
}

int child_check(struct child *child)
{
    if (!child->pid || !child->kill_at)
        return -1;
    int64_t left = child->kill_at - channel_now();
    if (left > 0)
        return left < 60000 ? (int)left : 60000;
    child_signal(child, SIGKILL);
    return 1000; /* unless the kernel cannot end it now */
}
