/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/submit.h"
#include "cli/verb.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/encode.h"
#include "cli/say.h"
#include "cli/target.h"
#include "client/exchange.h"
#include "protocol.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#define ANSWER_LIMIT 4096u

struct body {
    const struct arguments *arguments;
    const struct target *target;
};

static void write_body(struct writer *writer, const void *argument)
{
    const struct body *body = argument;
    writer_text(writer, "{");
    target_json(body->target, writer);
    writer_named_u64(writer, ",\"version\":", body->arguments->of_version.number);
    encode_option(writer, "expires", body->arguments->expires);
    if (body->arguments->if_version.given)
        writer_named_u64(writer, ",\"ifVersion\":", body->arguments->if_version.number);
    writer_text(writer, "}");
}

static enum verb_exit print(const struct target *target, uint64_t from,
                            const struct exchange_answer *answer)
{
    char key[LIMIT_KEY + 1];
    target_text(target, key);
    cJSON *json = cJSON_ParseWithLength(answer->body, answer->head.length);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "version");
    enum verb_exit status = VERB_OK;
    if (cJSON_IsNumber(version))
        printf("%s is at version %.0f now, with the value of version %llu\n", key,
               cJSON_GetNumberValue(version), (unsigned long long)from);
    else
        status = say_failure(VERB_REFUSED, "the answer has no version");
    cJSON_Delete(json);
    return status;
}

static enum verb_exit roll_back(const struct arguments *arguments, const struct target *target)
{
    const struct body body = {.arguments = arguments, .target = target};
    const struct submit what = {
        .method = "POST",
        .target = PATH_ROLLBACK,
        .limit = ANSWER_LIMIT,
        .write = write_body,
        .argument = &body,
    };
    struct exchange_answer answer;
    enum verb_exit status = submit_body(arguments, &what, &answer);
    if (status)
        return status;
    status = print(target, arguments->of_version.number, &answer);
    exchange_clear(&answer);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct target target;
    if (target_key(arguments->operands[0], &target, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    if (!arguments->of_version.given)
        return say_failure(VERB_USAGE,
                           "rollback needs --to N; `vsecm history` says which there are");
    return roll_back(arguments, &target);
}

static const struct arguments_option *const options[] = {
    &arguments_to,
    &arguments_expires,
    &arguments_if_version,
    NULL,
};

const struct verb verb_rollback = {
    .name = "rollback",
    .operands = "[NS/]WORKLOAD --to N [--expires T] [--if-version N]",
    .summary = "Give a secret the value of an older version, as a new version",
    .help = "Nothing is taken back: the versions between stay in the history.\n",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
