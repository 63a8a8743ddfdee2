/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/capture.h"

#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static void exec_program(const char *const arguments[], bool errors_too, int out)
{
    if (dup2(out, STDOUT_FILENO) < 0 || (errors_too && dup2(out, STDERR_FILENO) < 0))
        _exit(126);
    execv(arguments[0], (char *const *)arguments);
    _exit(127);
}

/* All that FD gives until its end. The length, or -errno; -EMSGSIZE: SIZE bytes or more. */
static ssize_t read_all(int fd, char *data, size_t size)
{
    size_t have = 0;

    for (;;) {
        ssize_t got = read(fd, data + have, size - have);
        if (got < 0)
            return -errno;
        have += (size_t)got;
        if (have == size)
            return -EMSGSIZE;
        if (got == 0) {
            data[have] = '\0';
            return (ssize_t)have;
        }
    }
}

ssize_t capture_output(const char *const arguments[], bool errors_too, char *ret, size_t size,
                       struct error *error)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return error_errno(error, -errno, "pipe");
    pid_t pid = child_fork();
    if (pid == 0)
        exec_program(arguments, errors_too, ends[1]);
    close(ends[1]);
    ssize_t length = pid < 0 ? pid : read_all(ends[0], ret, size);
    close(ends[0]);
    int status = pid < 0 ? 0 : child_wait(pid);
    if (length < 0)
        return error_errno(error, (int)length, "%s", arguments[0]);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return error_set(error, -EPIPE, "%s failed (wait status %#x)", arguments[0],
                         (unsigned)status);
    return length;
}
