/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/failure.h"

#include "client/answer.h"

#include <errno.h>
#include <stdio.h>

vsecm_result failure_of_errno(int r)
{
    switch (-r) {
    case EPROTO:
    case EMSGSIZE: return VSECM_PROTOCOL;
    case ENOMEM: return VSECM_NO_MEMORY;
    case EINVAL: return VSECM_INVALID;
    case ETIMEDOUT: return VSECM_UNAVAILABLE;
    default: return VSECM_UNREACHABLE;
    }
}

static const struct {
    int status;
    vsecm_result result;
} results[] = {
    {400, VSECM_INVALID},     {403, VSECM_FORBIDDEN},   {404, VSECM_NOT_FOUND},
    {408, VSECM_UNAVAILABLE}, {409, VSECM_CONFLICT},    {429, VSECM_TOO_MANY},
    {500, VSECM_UNAVAILABLE}, {501, VSECM_UNSUPPORTED}, {503, VSECM_UNAVAILABLE},
    {507, VSECM_UNAVAILABLE},
};

vsecm_result failure_of_answer(const struct head *head, const char *body, char *message,
                               size_t size)
{
    answer_text(body, head->length, "message", message, size);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (results[i].status == head->status)
            return results[i].result;
    snprintf(message, size, "the answer has status %d", head->status);
    return VSECM_PROTOCOL;
}
