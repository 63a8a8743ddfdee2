/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/encode.h"
#include "cli/output.h"
#include "cli/say.h"
#include "cli/target.h"
#include "client/percent.h"
#include "protocol.h"

#include <stdio.h>
#include <string.h>

static void write_json(struct writer *writer, const void *argument)
{
    const struct exchange_answer *answer = argument;
    writer_text(writer, "{");
    encode_value(writer, "data", answer->body, answer->head.length);
    writer_text(writer, ",\"created\":");
    writer_json(writer, answer->head.created, strlen(answer->head.created));
    writer_text(writer, ",\"updated\":");
    writer_json(writer, answer->head.updated, strlen(answer->head.updated));
    writer_text(writer, ",\"version\":");
    writer_u64(writer, answer->head.version);
    writer_text(writer, "}\n");
}

static enum verb_exit print_json(const struct exchange_answer *answer)
{
    struct encode encoded;
    if (encode_with(write_json, answer, &encoded))
        return say_failure(VERB_REFUSED, "out of memory");
    enum verb_exit status = output_bytes(encoded.data, encoded.length);
    encode_clear(&encoded);
    return status;
}

static enum verb_exit print_bare(const struct exchange_answer *answer)
{
    return output_value(answer->body, answer->head.length);
}

/* The caller's own secret, or a member of it. */
static enum verb_exit own_target(const struct arguments *arguments, char ret[LIMIT_TARGET])
{
    const char *member = arguments->operand_count ? arguments->operands[0] : NULL;
    if (arguments->of_version.given)
        return say_failure(VERB_USAGE, "--version is for administrators, with --key; a workload "
                                       "reads its newest value");
    if (arguments->transformed)
        return say_failure(VERB_USAGE, "--transformed is for administrators, with --key; a "
                                       "workload gets nothing else");
    if (!member)
        return percent_encode(PATH_VALUE, "", ret, LIMIT_TARGET) ? VERB_USAGE : VERB_OK;
    if (!member[0])
        return say_failure(VERB_USAGE, "a member's name must not be empty");
    if (percent_encode(PATH_VALUE "/", member, ret, LIMIT_TARGET))
        return say_failure(VERB_USAGE, "the member's name is too long");
    return VERB_OK;
}

/* Any key's value, or an older one. */
static enum verb_exit admin_target(const struct arguments *arguments, char ret[LIMIT_TARGET])
{
    struct error error = {""};
    struct target target;
    char key[LIMIT_KEY + 1];
    if (arguments->operand_count)
        return say_failure(VERB_USAGE, "--key gives the whole value; leave out MEMBER");
    if (target_key(arguments->key, &target, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    target_text(&target, key);
    int used = snprintf(ret, LIMIT_TARGET, PATH_ADMIN_VALUE "?key=%s", key);
    if (arguments->of_version.given)
        snprintf(ret + used, LIMIT_TARGET - (size_t)used, "&version=%llu",
                 (unsigned long long)arguments->of_version.number);
    used = (int)strlen(ret);
    if (arguments->transformed)
        snprintf(ret + used, LIMIT_TARGET - (size_t)used, "&transformed=true");
    return VERB_OK;
}

static enum verb_exit run(const struct arguments *arguments)
{
    char target[LIMIT_TARGET];
    const struct exchange_request request = {
        .method = "GET",
        .target = target,
        .limit = LIMIT_VALUE,
    };
    struct exchange_answer answer;
    enum verb_exit status =
        arguments->key ? admin_target(arguments, target) : own_target(arguments, target);
    if (status)
        return status;
    status = arguments->key ? call_admin(arguments, &request, &answer)
                            : call_workload(arguments, &request, &answer);
    if (status)
        return status;
    status = arguments->json ? print_json(&answer) : print_bare(&answer);
    exchange_clear(&answer);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_key, &arguments_transformed, &arguments_of_version, &arguments_output, NULL,
};

const struct verb verb_get = {
    .name = "get",
    .operands = "[MEMBER | --key NS/WORKLOAD [--version N]] [-o json]",
    .summary = "Print the caller's own secret, one member of it, or as an administrator any",
    .help = "Prints the bytes that were stored and nothing else; at a terminal, with a newline "
            "behind.\n"
            "With -o json: an object of data, created, updated and version, and encoding = base64\n"
            "when the data is no text.\n",
    .options = options,
    .most = 1,
    .run = run,
};
