/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/renderer.h"

#include "bench/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    char answer[RENDERER_TEXT + 64], times[16];
    const char *const arguments[] = {renderer->program,
                                     results_render_name(renderer->kind),
                                     times,
                                     renderer->value,
                                     renderer->template,
                                     NULL};

    snprintf(times, sizeof(times), "%u", renderer->times);
    ssize_t length = capture_output(arguments, false, answer, sizeof(answer), error);
    return length < 0 ? (int)length : take_answer(renderer, answer, (size_t)length, error);
}
