/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/encode.h"
#include "cli/say.h"
#include "cli/target.h"
#include "protocol.h"

/* Bytes of the longest answer to expect: a word for each key, or the names of unknown ones. */
#define ANSWER_LIMIT (64u * 1024u)

static void write_body(struct writer *writer, const void *argument)
{
    writer_text(writer, "{");
    target_json(argument, writer);
    writer_text(writer, "}");
}

static enum verb_exit delete (const struct arguments *arguments, const struct target *target) {
    struct encode encoded;
    if (encode_with(write_body, target, &encoded)) return say_failure(VERB_REFUSED,
                                                                      "out of memory");
    const struct exchange_request request =
        {
            .method = "DELETE",
            .target = PATH_SENTINEL_SECRETS,
            .body = encoded.data,
            .length = encoded.length,
            .limit = ANSWER_LIMIT,
        };
    struct exchange_answer answer;
    enum verb_exit status = call_admin(arguments, &request, &answer);
    encode_clear(&encoded);
    if (status) return status;
    exchange_clear(&answer);
    target_print(target, "deleted");
    return VERB_OK;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct target target;
    enum verb_exit worst = VERB_OK;
    if (target_check(arguments, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    for (size_t at = 0; target_next(arguments, &at, &target);) {
        enum verb_exit status = delete (arguments, &target);
        worst = status > worst ? status : worst;
    }
    return worst;
}

static const struct arguments_option *const options[] = {&arguments_namespace, NULL};

const struct verb verb_delete = {
    .name = "delete",
    .operands = "[NS/]WORKLOAD... [-n NS]...",
    .summary = "Delete secrets, all versions of them",
    .help = "",
    .options = options,
    .least = 1,
    .most = LIMIT_TARGETS,
    .run = run,
};
