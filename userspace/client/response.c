/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/response.h"

#include "client/locked.h"
#include "limits.h"

#include <errno.h>
#include <string.h>

int response_open(struct response *ret)
{
    *ret = (struct response){.buffer = locked_alloc(LIMIT_HEADER)};
    return ret->buffer ? 0 : -ENOMEM;
}

static int malformed(struct response *response, const char *wrong)
{
    response->wrong = wrong;
    return -EPROTO;
}

static int read_head(struct response *response)
{
    const char *end = memmem(response->buffer, response->used, "\r\n\r\n", 4);
    if (!end)
        return response->used == LIMIT_HEADER ? malformed(response, "has too long a header") : 0;
    size_t length = (size_t)(end - response->buffer) + 4;
    const char *wrong = head_parse(response->buffer, length, &response->head);
    if (wrong)
        return malformed(response, wrong);
    if (!response->head.endless && response->head.length > LIMIT_HEADER - length)
        return malformed(response, "is larger than any that was expected");
    response->body = length;
    return 1;
}

static int is_whole(struct response *response)
{
    size_t here = response->used - response->body;
    if (response->head.endless || here == response->head.length)
        return 1;
    return here > response->head.length ? malformed(response, "is longer than it says") : 0;
}

int response_receive(struct response *response, struct link *link, int *fd)
{
    ssize_t got =
        link_receive(link, response->buffer + response->used, LIMIT_HEADER - response->used, fd);
    if (got < 0)
        return (int)got;
    response->used += (size_t)got;
    int r = response->body ? 1 : read_head(response);
    return r > 0 ? is_whole(response) : r;
}

void response_reset(struct response *response)
{
    explicit_bzero(response->buffer, response->used);
    *response = (struct response){.buffer = response->buffer};
}

void response_close(struct response *response)
{
    locked_free(response->buffer, LIMIT_HEADER);
    *response = (struct response){.buffer = NULL};
}
