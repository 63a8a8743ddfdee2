/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/listing.h"
#include "cli/say.h"
#include "cli/target.h"
#include "protocol.h"

#include <stdio.h>

/* Bytes of the longest history: a row for each version that is kept. */
#define ANSWER_LIMIT (16u * 1024u * 1024u)

static const struct listing_column columns[] = {
    {.title = "VERSION", .member = "version"},
    {.title = "UPDATED", .member = "updated"},
    {.title = "NOT BEFORE", .member = "notBefore", .usual = "now"},
    {.title = "EXPIRES", .member = "expires", .usual = "never"},
    {.title = "STATE", .member = "state"},
};

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct target target;
    if (target_key(arguments->operands[0], &target, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    char key[LIMIT_KEY + 1], path[LIMIT_TARGET];
    target_text(&target, key);
    snprintf(path, sizeof path, PATH_HISTORY "?key=%s", key);
    const struct exchange_request request = {
        .method = "GET",
        .target = path,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    enum verb_exit status = call_admin(arguments, &request, &answer);
    if (status)
        return status;
    status = listing_print(&answer, "versions", columns, sizeof columns / sizeof *columns,
                           arguments->json);
    exchange_clear(&answer);
    return status;
}

static const struct arguments_option *const options[] = {&arguments_output, NULL};

const struct verb verb_history = {
    .name = "history",
    .operands = "[NS/]WORKLOAD [-o json|table]",
    .summary = "List the versions of a secret, the newest first",
    .help = "",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
