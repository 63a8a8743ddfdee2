/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/answer.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_ROOM 4096u

static void free_bytes(struct answer *answer)
{
    if (answer->bytes)
        explicit_bzero(answer->bytes, answer->room);
    free(answer->bytes);
}

/* No realloc: it would leave a copy behind. */
static int make_room(struct answer *answer, size_t needed, size_t max)
{
    if (needed <= answer->room)
        return 0;
    size_t room = answer->room ? answer->room : FIRST_ROOM;
    while (room < needed)
        room *= 2;
    if (room > max)
        room = max;
    char *bytes = malloc(room);
    if (!bytes)
        return -ENOMEM;
    if (answer->length)
        memcpy(bytes, answer->bytes, answer->length);
    free_bytes(answer);
    answer->bytes = bytes;
    answer->room = room;
    return 0;
}

int answer_add(struct answer *answer, struct span bytes, size_t max)
{
    if (answer->length > max || bytes.length > max - answer->length)
        return -EFBIG;
    if (bytes.length == 0)
        return 0;
    int r = make_room(answer, answer->length + bytes.length, max);
    if (r < 0)
        return r;
    memcpy(answer->bytes + answer->length, bytes.data, bytes.length);
    answer->length += bytes.length;
    return 0;
}

int answer_add_cut(struct answer *answer, struct span bytes, size_t max)
{
    size_t left = answer->length < max ? max - answer->length : 0;
    if (bytes.length > left)
        bytes.length = left;
    return bytes.length ? answer_add(answer, bytes, max) : 0;
}

void answer_forget(struct answer *answer)
{
    free_bytes(answer);
    *answer = (struct answer){.bytes = NULL};
}
