/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/submit.h"
#include "cli/verb.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/restore_file.h"
#include "cli/say.h"
#include "cli/target.h"
#include "client/exchange.h"
#include "limits.h"
#include "protocol.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the longest answer: every key a daemon can hold. */
#define ANSWER_LIMIT (LIMIT_SECRETS * 256u)

static void write_body(struct writer *writer, const void *argument)
{
    const struct arguments *arguments = argument;
    writer_text(writer, arguments->dry_run ? "{\"dryRun\":true" : "{\"dryRun\":false");
    for (size_t i = 1; i < arguments->operand_count; i++) {
        struct target target;
        char key[LIMIT_KEY + 1];
        target_key(arguments->operands[i], &target, NULL);
        target_text(&target, key);
        writer_text(writer, i > 1 ? "," : ",\"keys\":[");
        writer_json(writer, key, strlen(key));
    }
    writer_text(writer, arguments->operand_count > 1 ? "]}" : "}");
}

static const struct listing_column columns[] = {
    {.title = "KEY", .member = "key"},
    {.title = "CHANGE", .member = "change"},
    {.title = "VERSION", .member = "version"},
};

static unsigned count(const cJSON *rows, const char *change)
{
    unsigned found = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        const char *what = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "change"));
        found += what && strcmp(what, change) == 0;
    }
    return found;
}

static enum verb_exit print(const struct arguments *arguments, const struct exchange_answer *answer)
{
    if (arguments->json)
        return output_body(answer);
    cJSON *json = cJSON_ParseWithLength(answer->body, answer->head.length);
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json, "keys");
    enum verb_exit status = VERB_OK;
    if (cJSON_IsArray(rows)) {
        listing_table(rows, columns, sizeof columns / sizeof *columns);
        printf("%u new, %u changed, %u the same%s\n", count(rows, "new"), count(rows, "changed"),
               count(rows, "same"), arguments->dry_run ? "; nothing was done (--dry-run)" : "");
    } else {
        status = say_failure(VERB_REFUSED, "the answer does not say what was restored");
    }
    cJSON_Delete(json);
    return status;
}

static enum verb_exit apply(const struct arguments *arguments)
{
    const struct submit what = {
        .method = "POST",
        .target = PATH_RESTORE_APPLY,
        .limit = ANSWER_LIMIT,
        .write = write_body,
        .argument = arguments,
    };
    struct exchange_answer answer;
    enum verb_exit status = submit_body(arguments, &what, &answer);
    if (status)
        return status;
    status = print(arguments, &answer);
    exchange_clear(&answer);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct target target;
    for (size_t i = 1; i < arguments->operand_count; i++)
        if (target_key(arguments->operands[i], &target, &error))
            return say_failure(VERB_USAGE, "%s", error.text);
    enum verb_exit status = restore_file_send(arguments);
    return status ? status : apply(arguments);
}

static const struct arguments_option *const options[] = {
    &arguments_dry_run, &arguments_identity, &arguments_passphrase_file, &arguments_output, NULL,
};

const struct verb verb_restore = {
    .name = "restore",
    .operands = "FILE [[NS/]WORKLOAD]... [--dry-run] [-i KEYFILE]... [--passphrase-file FILE] "
                "[-o json|table]",
    .summary = "Take back what is in a backup, all of it or some keys",
    .help =
        "All of it is taken back or nothing is. A key that is not there comes back with all its\n"
        "versions; one that has another value gets a new version; what the backup does not have\n"
        "stays. Only a backup that is not sealed to this daemon needs -i or its passphrase: it "
        "is\nopened here and sealed anew. - is standard input.\n",
    .options = options,
    .least = 1,
    .most = LIMIT_TARGETS,
    .run = run,
};
