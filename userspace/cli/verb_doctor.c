/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/examine.h"
#include "cli/output.h"
#include "cli/say.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 20 /* of names */

static void print_line(const char *name, const cJSON *item)
{
    const cJSON *offset = cJSON_GetObjectItemCaseSensitive(item, "offset");
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(item, "bytes");
    printf("%-*s", WIDTH, name);
    if (offset && size)
        printf("%.0f bytes at byte %.0f\n", size->valuedouble, offset->valuedouble);
    else if (cJSON_IsBool(item))
        puts(cJSON_IsTrue(item) ? "yes" : "no");
    else if (cJSON_IsNumber(item))
        printf("%.0f\n", item->valuedouble);
    else
        puts(cJSON_GetStringValue(item));
}

/* "name  value" lines; a list has one for each of its entries. */
static void print_text(const cJSON *report)
{
    const cJSON *member, *entry;
    cJSON_ArrayForEach(member, report)
    {
        if (!cJSON_IsArray(member))
            print_line(member->string, member);
        else
            cJSON_ArrayForEach(entry, member) print_line(member->string, entry);
    }
}

static enum verb_exit print(const struct arguments *arguments, const cJSON *report)
{
    if (!arguments->json) {
        print_text(report);
        return VERB_OK;
    }
    char *text = cJSON_PrintUnformatted(report);
    if (!text)
        return say_failure(VERB_REFUSED, "out of memory");
    puts(text);
    cJSON_free(text);
    return VERB_OK;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct examine examine;
    struct error error = {""};
    if (!arguments->state)
        return say_failure(VERB_USAGE, "doctor needs --state DIR");
    int r = examine_state(arguments->state, &examine, &error);
    if (r == 0 && arguments->salvage)
        r = examine_salvage(&examine, arguments->salvage, &error);
    enum verb_exit status = VERB_OK;
    if (r < 0)
        status = say_failure(VERB_REFUSED, "%s", error.text);
    else
        status = print(arguments, examine.report);
    if (!status && !examine.is_healthy && !arguments->salvage)
        status = VERB_REFUSED;
    examine_done(&examine);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_state,
    &arguments_salvage,
    &arguments_output,
    NULL,
};

const struct verb verb_doctor = {
    .name = "doctor",
    .operands = "--state DIR [--salvage NEWDIR] [-o json|table]",
    .summary = "Look at a state directory with no daemon, and save what is whole",
    .help = "DIR is never changed. With --salvage the records that are whole go into NEWDIR.\n"
            "Exit status: 0 healthy or saved, 1 damaged.\n",
    .options = options,
    .run = run,
};
