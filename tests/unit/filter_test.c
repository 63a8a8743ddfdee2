/* SPDX-License-Identifier: BSD-2-Clause */
/* System call filters made of tables. What vsecmd's own refuses is in harden_test. */
#include "base/filter.h"

#include <asm/unistd.h>
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "tests/unit/check.h"

static const uint32_t allowed[] = {__NR_write, __NR_exit_group, __NR_getuid};

static const struct filter_rule rules[] = {
    {__NR_socket, 0, FILTER_ONE_OF, 2, {AF_UNIX, AF_INET}, EACCES},
    {__NR_mprotect, 2, FILTER_NO_BITS, 2, {PROT_EXEC, PROT_WRITE}, EPERM},
    {__NR_clone3, 0, FILTER_ONE_OF, 0, {0}, ENOSYS},
    {__NR_listen, 0, FILTER_ONE_OF, 1, {7}, 0},
};

/* By itself: a sanitizer has calls of its own to make at the end of a process. */
static void end_with(int code)
{
    syscall(__NR_exit_group, code);
}

/* In a child: every call by itself, for the C library would make others. */
static void under_filter(void *argument)
{
    const struct filter filter = {allowed, sizeof allowed / sizeof allowed[0], rules,
                                  sizeof rules / sizeof rules[0]};
    const long *call = argument;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || filter_install(&filter) < 0)
        _exit(99);
    long r = syscall(call[0], call[1], call[2], call[3]);
    end_with(r < 0 ? errno : 0);
}

static int outcome(long number, long first, long second, long third)
{
    long call[] = {number, first, second, third};
    int status = check_child(under_filter, call);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(what_is_allowed_passes)
{
    CHECK_EQ_INT(outcome(__NR_getuid, 0, 0, 0), 0);
}

TEST(what_no_table_has_kills)
{
    CHECK_EQ_INT(outcome(__NR_getppid, 0, 0, 0), -SIGSYS);
}

TEST(one_of)
{
    CHECK_EQ_INT(outcome(__NR_socket, AF_UNIX, SOCK_STREAM, 0), 0);
    CHECK_EQ_INT(outcome(__NR_socket, AF_INET, SOCK_STREAM, 0), 0);
    CHECK_EQ_INT(outcome(__NR_socket, AF_PACKET, SOCK_RAW, 0), EACCES);
    CHECK_EQ_INT(outcome(__NR_listen, 7, 0, 0), EBADF);
    CHECK_EQ_INT(outcome(__NR_listen, 8, 0, 0), -SIGSYS);
}

TEST(no_bits)
{
    CHECK_EQ_INT(outcome(__NR_mprotect, 0, 0, PROT_READ), 0);
    CHECK_EQ_INT(outcome(__NR_mprotect, 0, 0, PROT_READ | PROT_EXEC), EPERM);
    CHECK_EQ_INT(outcome(__NR_mprotect, 0, 0, PROT_WRITE), EPERM);
}

TEST(no_value_at_all_is_always_refused)
{
    CHECK_EQ_INT(outcome(__NR_clone3, 0, 0, 0), ENOSYS);
}

TEST(tables_that_are_too_long)
{
    static const uint32_t many[300];
    const struct filter filter = {many, 300, NULL, 0};
    CHECK_EQ_INT(filter_install(&filter), -E2BIG);
}

CHECK_MAIN
