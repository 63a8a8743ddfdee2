/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/renderer.h"

#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void exec_program(const struct renderer *renderer, int out)
{
    char times[16];

    snprintf(times, sizeof(times), "%u", renderer->times);
    if (dup2(out, STDOUT_FILENO) < 0)
        _exit(126);
    execl(renderer->program, renderer->program, results_render_name(renderer->kind), times,
          renderer->value, renderer->template, (char *)NULL);
    _exit(127);
}

/* All that FD gives until its end. The length, or -errno; -EMSGSIZE: more than SIZE bytes. */
static ssize_t read_all(int fd, char *data, size_t size)
{
    size_t have = 0;

    for (;;) {
        ssize_t got = read(fd, data + have, size - have);
        if (got < 0)
            return -errno;
        if (got == 0)
            return have < size ? (ssize_t)have : -EMSGSIZE;
        have += (size_t)got;
    }
}

/* "NANOSECONDS\nOUTPUT" */
static int take_answer(struct renderer *renderer, const char *answer, size_t length,
                       struct error *error)
{
    char *end;

    renderer->elapsed_ns = strtoull(answer, &end, 10);
    if (*end != '\n' || renderer->elapsed_ns == 0)
        return error_set(error, -EBADMSG, "%s gave no answer", renderer->program);
    end++;
    renderer->length = length - (size_t)(end - answer);
    if (renderer->length > sizeof(renderer->output))
        return error_set(error, -EMSGSIZE, "an output of %zu bytes", renderer->length);
    memcpy(renderer->output, end, renderer->length);
    return 0;
}

int renderer_go(void *shared, struct error *error)
{
    struct renderer *renderer = shared;
    char answer[RENDERER_TEXT + 64];
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return error_errno(error, -errno, "pipe");
    pid_t pid = child_fork();
    if (pid == 0)
        exec_program(renderer, ends[1]);
    close(ends[1]);
    ssize_t length = pid < 0 ? pid : read_all(ends[0], answer, sizeof(answer) - 1);
    close(ends[0]);
    int status = pid < 0 ? 0 : child_wait(pid);
    if (length < 0)
        return error_errno(error, (int)length, "%s", renderer->program);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return error_set(error, -EPIPE, "%s failed (wait status %#x)", renderer->program,
                         (unsigned)status);
    answer[length] = '\0';
    return take_answer(renderer, answer, (size_t)length, error);
}
