/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/show.h"

#include "cli/arguments.h"
#include "cli/output.h"
#include "client/exchange.h"

/* Bytes of the longest object; of an identity a cgroup's path is the longest part. */
#define ANSWER_LIMIT (64u * 1024u)

enum verb_exit show_object(const struct arguments *arguments, const char *path, call_as *call)
{
    const struct exchange_request request = {
        .method = "GET",
        .target = path,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    enum verb_exit status = call(arguments, &request, &answer);
    if (status)
        return status;
    status = arguments->json ? output_body(&answer) : output_object(&answer);
    exchange_clear(&answer);
    return status;
}
