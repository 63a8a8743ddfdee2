/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/child.h"

#include "base/error.h"
#include "cli/guard.h"
#include "cli/undumpable.h"
#include "cli/verb.h"
#include "client/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child that became nothing tells its parent: little enough to go at once (PIPE_BUF). */
struct told {
    int wrong; /* errno */
    bool unshielded;
    struct error error; /* why, when it is that */
};

static _Noreturn void give_up(const struct told *told, int tell)
{
    _exit(write(tell, told, sizeof *told) < 0 ? 127 : 126);
}

/* 0 or -errno with *error set. */
static int shield(const struct child_plan *plan, struct error *error)
{
    struct guard guard = {.socket = plan->socket};
    if (plan->shield == CHILD_BARE)
        return 0;
    int r = guard_process(&guard, plan->shield == CHILD_SHIELD_ALL, error);
    guard_close(&guard);
    return r;
}

/* In the child: become PLAN, or tell TELL why not. */
static _Noreturn void become(const struct child_plan *plan, const struct signals *signals, int tell)
{
    struct told told = {.unshielded = true};
    told.wrong = -shield(plan, &told.error);
    if (told.wrong)
        give_up(&told, tell);
    if (plan->shield == CHILD_BARE)
        undumpable_undo();
    if (plan->fd >= 0)
        fcntl(plan->fd, F_SETFD, 0);
    signals_restore(signals);
    execvpe(plan->command[0], plan->command, plan->variables);
    told = (struct told){.wrong = errno};
    give_up(&told, tell);
}

/* What a child that became nothing tells; wrong = 0 when it runs. */
static struct told outcome(int tell)
{
    struct told told;
    ssize_t got;
    do
        got = read(tell, &told, sizeof told);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof told ? told : (struct told){.wrong = 0};
}

/* Say what TOLD is and how to end for it. -errno. */
static int explain(const struct told *told, const struct child_plan *plan, int *status,
                   struct error *error)
{
    const int wrong = told->wrong;
    if (told->unshielded) {
        *status = wrong == ECONNREFUSED ? VERB_UNREACHABLE : VERB_REFUSED;
        return error_set(error, -wrong, "%s", told->error.text);
    }
    *status = wrong == ENOENT ? 127 : 126;
    if (wrong == E2BIG)
        return error_set(error, -wrong,
                         "%s: all variables and arguments together are too much for "
                         "the kernel; use --fd or --file",
                         plan->command[0]);
    return error_errno(error, -wrong, "%s", plan->command[0]);
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
    struct told told = {.wrong = pid < 0 ? errno : 0};
    close(tell[1]);
    if (!told.wrong)
        told = outcome(tell[0]);
    close(tell[0]);
    if (!told.wrong) {
        child->pid = pid;
        return 0;
    }
    if (pid > 0)
        wait_for(pid);
    return explain(&told, plan, &child->status, error);
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
