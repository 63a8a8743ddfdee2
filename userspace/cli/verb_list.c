/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/say.h"
#include "cli/target.h"
#include "protocol.h"

#include <cjson/cJSON.h>
#include <string.h>

/* Bytes of the longest list: every key a daemon can hold, each with its times. */
#define ANSWER_LIMIT (LIMIT_SECRETS * 640u)

static const struct listing_column columns[] = {
    {.title = "NAMESPACE", .member = "namespace"},
    {.title = "NAME", .member = "name"},
    {.title = "VERSION", .member = "version"},
    {.title = "CREATED", .member = "created"},
    {.title = "UPDATED", .member = "updated"},
    {.title = "NOT BEFORE", .member = "notBefore", .usual = "now"},
    {.title = "EXPIRES AFTER", .member = "expiresAfter", .usual = "never"},
    {.title = "STATE", .member = "state", .usual = "valid"},
};

static bool is_wanted(const struct arguments *arguments, const cJSON *row)
{
    const char *namespace =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "namespace"));
    for (size_t i = 0; namespace && i < arguments->namespace_count; i++)
        if (strcmp(namespace, arguments->namespaces[i]) == 0)
            return true;
    return !arguments->namespace_count;
}

static void filter(const struct arguments *arguments, cJSON *rows)
{
    for (cJSON *row = rows->child, *next; row; row = next) {
        next = row->next;
        if (!is_wanted(arguments, row))
            cJSON_Delete(cJSON_DetachItemViaPointer(rows, row));
    }
}

static enum verb_exit print_json(const cJSON *list)
{
    char *text = cJSON_PrintUnformatted(list);
    if (!text)
        return say_failure(VERB_REFUSED, "out of memory");
    enum verb_exit status = output_bytes(text, strlen(text));
    cJSON_free(text);
    return status ? status : output_bytes("\n", 1);
}

static enum verb_exit print(const struct arguments *arguments, const struct exchange_answer *answer)
{
    cJSON *list = cJSON_ParseWithLength(answer->body, answer->head.length);
    cJSON *rows = cJSON_GetObjectItemCaseSensitive(list, "secrets");
    enum verb_exit status = VERB_OK;
    if (!cJSON_IsArray(rows)) {
        status = say_failure(VERB_REFUSED, "the answer is no list of secrets");
    } else {
        filter(arguments, rows);
        if (arguments->json)
            status = print_json(list);
        else
            listing_table(rows, columns, sizeof columns / sizeof *columns);
    }
    cJSON_Delete(list);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    if (target_check_namespaces(arguments, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    const struct exchange_request request = {
        .method = "GET",
        .target = PATH_SENTINEL_SECRETS,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    enum verb_exit status = call_admin(arguments, &request, &answer);
    if (status)
        return status;
    status = print(arguments, &answer);
    exchange_clear(&answer);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_namespace,
    &arguments_output,
    NULL,
};

const struct verb verb_list = {
    .name = "list",
    .operands = "[-n NS]... [-o json|table]",
    .summary = "List the secrets there are, without their values",
    .help =
        "Without -n, those of every namespace. A column that says the usual in every row (now,\n"
        "never, valid) is left out.\n",
    .options = options,
    .run = run,
};
