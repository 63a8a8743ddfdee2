/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/verdict.h"

#include <stdio.h>

#include "sync/api.h"
#include "sync/status.h"

static const struct row {
    int status;
    const char *code;
} rows[] = {
    {400, "invalid"},  {401, "forbidden"}, {403, "forbidden"}, {404, "missing"}, {405, "missing"},
    {409, "conflict"}, {410, "missing"},   {413, "invalid"},   {415, "invalid"}, {422, "invalid"},
};

/* What is not known to have been refused for good (429, 5xx, none) may be tried again. */
const char *verdict_code(int status)
{
    if (status >= 200 && status < 300)
        return "ok";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            return rows[i].code;
    return "unreachable";
}

void verdict_reason(const struct api_end *end, int is_secret, char ret[LIMIT_WIRE_TEXT])
{
    struct status says = {.code = 0};
    if (!is_secret)
        status_read(end->body, &says);
    snprintf(ret, LIMIT_WIRE_TEXT, "%s", says.message[0] ? says.message : end->why);
}
