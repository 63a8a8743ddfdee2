/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that is killed at a chosen instant, as no hook in it could. */
#ifndef VSECM_TESTS_UNIT_KILLING_H
#define VSECM_TESTS_UNIT_KILLING_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "tests/unit/check.h"

/* Never killed. */
#define KILLING_NEVER (~0u)

/* VSECM_KILL_EVERY: how many calls lie between two kills, where each of them would take too long.
 */
static inline unsigned killing_stride(void)
{
    const char *given = getenv("VSECM_KILL_EVERY");
    unsigned long stride = given ? strtoul(given, NULL, 10) : 1;
    return stride ? (unsigned)stride : 1;
}

/* Whether a system call may change what others see of this process's work in the kernel. */
static inline bool killing_changes(long number)
{
    static const long numbers[] = {SYS_bpf,    SYS_renameat,  SYS_rename,  SYS_renameat2,
                                   SYS_unlink, SYS_unlinkat,  SYS_mkdirat, SYS_fchmod,
                                   SYS_flock,  SYS_exit_group};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

/*
 * Run BODY, which ends by _exit(0), in a process that is killed when it is about to make its
 * system call number N, from 0, of those that change something. -1 when it was killed, else how
 * many such calls it made.
 */
static inline long killing_run(void (*body)(void), unsigned n)
{
    int status;
    long calls = 0;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        raise(SIGSTOP);
        body();
        _exit(1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    CHECK(ptrace(PTRACE_SETOPTIONS, pid, NULL,
                 (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) == 0);
    while (ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid) {
        struct __ptrace_syscall_info info;
        if (WIFEXITED(status)) {
            CHECK_EQ_INT(WEXITSTATUS(status), 0);
            return calls;
        }
        CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80));
        CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof info, &info) > 0);
        if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !killing_changes((long)info.entry.nr) ||
            calls++ < (long)n)
            continue;
        CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
        return -1;
    }
    check_fail(__FILE__, __LINE__, "it cannot be traced: %s", strerror(errno));
}

#endif
