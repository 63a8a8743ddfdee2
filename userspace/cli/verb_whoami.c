/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/output.h"
#include "protocol.h"

/* Bytes of the longest identity; a cgroup's path is its longest part. */
#define ANSWER_LIMIT (64u * 1024u)

static enum verb_exit run(const struct arguments *arguments)
{
    const struct exchange_request request = {
        .method = "GET",
        .target = PATH_WHOAMI,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    enum verb_exit status = call_workload(arguments, &request, &answer);
    if (status)
        return status;
    status = arguments->json ? output_body(&answer) : output_object(&answer);
    exchange_clear(&answer);
    return status;
}

static const struct arguments_option *const options[] = {&arguments_output, NULL};

const struct verb verb_whoami = {
    .name = "whoami",
    .operands = "[-o json|table]",
    .summary = "Say who the caller is to the daemon, and why not a workload if it is none",
    .help = "",
    .options = options,
    .run = run,
};
