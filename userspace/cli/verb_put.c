/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/encode.h"
#include "cli/say.h"
#include "cli/target.h"
#include "cli/value.h"
#include "protocol.h"

#include <errno.h>

/* Bytes of the longest answer to expect: a word for each key. */
#define ANSWER_LIMIT (64u * 1024u)

struct body {
    const struct target *target;
    const struct value *value;
};

static void write_body(struct writer *writer, const void *argument)
{
    const struct body *body = argument;
    writer_text(writer, "{");
    target_json(body->target, writer);
    writer_text(writer, ",");
    encode_value(writer, "value", body->value->data, body->value->length);
    writer_text(writer, "}");
}

static enum verb_exit store(const struct arguments *arguments, const struct target *target,
                            const struct value *value)
{
    const struct body body = {.target = target, .value = value};
    struct encode encoded;
    if (encode_with(write_body, &body, &encoded))
        return say_failure(VERB_REFUSED, "out of memory");
    const struct exchange_request request = {
        .method = "POST",
        .target = PATH_SENTINEL_SECRETS,
        .body = encoded.data,
        .length = encoded.length,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    enum verb_exit status = call_admin(arguments, &request, &answer);
    encode_clear(&encoded);
    if (status)
        return status;
    exchange_clear(&answer);
    target_print(target, "stored");
    return VERB_OK;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct value value;
    struct target target;
    size_t at = 0;
    if (arguments->operand_count > 1)
        return say_failure(VERB_USAGE,
                           "put takes no value on the command line, where every process of the "
                           "machine can read it: give it on standard input or by --from-file");
    if (target_check(arguments, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    target_next(arguments, &at, &target);
    if (value_read(arguments->file, arguments->operands[0], &value, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    enum verb_exit status = store(arguments, &target, &value);
    value_clear(&value);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_namespace,
    &arguments_file,
    NULL,
};

const struct verb verb_put = {
    .name = "put",
    .operands = "[NS/]WORKLOAD [-n NS]... [--from-file FILE]",
    .summary = "Store a workload's secret, or a new version of it",
    .help = "The value is read from standard input, byte for byte: mind that echo adds a newline.\n"
            "At a terminal it is one line, typed without echo. It is never an argument.\n",
    .options = options,
    .least = 1,
    .most = LIMIT_TARGETS,
    .run = run,
};
