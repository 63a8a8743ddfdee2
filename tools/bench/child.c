/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/child.h"

#include "bench/stop.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_POLL_MS 5u

pid_t child_fork(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        return -errno;
    if (pid > 0)
        return pid;
    stop_uninstall();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before prctl() could watch it */
        _exit(1);
    return 0;
}

int child_wait(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
        if (stop_wanted())
            kill(pid, SIGKILL);
    }
    return status;
}

void child_stop(pid_t pid, unsigned grace_ms)
{
    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    for (unsigned waited = 0; waited < grace_ms; waited += CHILD_POLL_MS) {
        pid_t ended = waitpid(pid, NULL, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return;
        usleep(CHILD_POLL_MS * 1000u);
    }
    kill(pid, SIGKILL);
    child_wait(pid);
}
