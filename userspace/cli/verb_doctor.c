/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/examine.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/say.h"
#include "cli/survey.h"
#include "cli/unload.h"
#include "node/node.h"
#include "protocol.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
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

static enum verb_exit print(const struct arguments *arguments, const cJSON *report,
                            void (*as_text)(const cJSON *report))
{
    if (!arguments->json) {
        as_text(report);
        return VERB_OK;
    }
    char *text = cJSON_PrintUnformatted(report);
    if (!text)
        return say_failure(VERB_REFUSED, "out of memory");
    puts(text);
    cJSON_free(text);
    return VERB_OK;
}

static enum verb_exit examine(const struct arguments *arguments)
{
    struct examine examine;
    struct error error = {""};
    int r = examine_state(arguments->state, &examine, &error);
    if (r == 0 && arguments->salvage)
        r = examine_salvage(&examine, arguments->salvage, &error);
    enum verb_exit status = VERB_OK;
    if (r < 0)
        status = say_failure(VERB_REFUSED, "%s", error.text);
    else
        status = print(arguments, examine.report, print_text);
    if (!status && !examine.is_healthy && !arguments->salvage)
        status = VERB_REFUSED;
    examine_done(&examine);
    return status;
}

/* ---- this node ------------------------------------------------------------------------------- */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return text ? text : "";
}

/* Of each row that is not present: what that means, and what can be done. */
static void print_lacks(const cJSON *rows)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        bool is_known = strcmp(text_of(row, "state"), "unknown") != 0;
        if (cJSON_HasObjectItem(row, "get"))
            printf("%s%s\n    that means: %s\n    to get it: %s\n\n",
                   is_known ? "" : "not known: ", text_of(row, is_known ? "missing" : "name"),
                   text_of(row, "means"), text_of(row, "get"));
    }
}

/* What the daemon says of itself: objects of names and words. */
static void print_daemon(const cJSON *daemon)
{
    const cJSON *group, *item;
    printf("%-*s%s\n", WIDTH, "daemon running", text_of(daemon, "running"));
    if (text_of(daemon, "status")[0])
        printf("%-*s%s\n", WIDTH, "its status", text_of(daemon, "status"));
    cJSON_ArrayForEach(group, daemon)
    {
        cJSON_ArrayForEach(item, group)
        {
            char name[64];
            snprintf(name, sizeof name, "%s.%s ", group->string, item->string ? item->string : "");
            if (cJSON_IsString(item) || cJSON_IsBool(item) || cJSON_IsNumber(item))
                print_line(name, item);
        }
    }
}

static void print_survey(const cJSON *report)
{
    static const struct listing_column columns[] = {
        {.title = "NAME", .member = "name"},
        {.title = "STATE", .member = "state"},
        {.title = "SEEN", .member = "seen"},
    };
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(report, "rows"), *pinned;
    listing_table(rows, columns, sizeof columns / sizeof *columns);
    putchar('\n');
    print_lacks(rows);
    printf("%-*s%s (%s)\n", WIDTH, "tier", text_of(report, "tier"), text_of(report, "why"));
    cJSON_ArrayForEach(pinned, cJSON_GetObjectItemCaseSensitive(report, "pinned"))
        printf("%-*sABI %.0f: %.0f links, %.0f maps\n", WIDTH, "pinned",
               cJSON_GetObjectItemCaseSensitive(pinned, "abi")->valuedouble,
               cJSON_GetObjectItemCaseSensitive(pinned, "links")->valuedouble,
               cJSON_GetObjectItemCaseSensitive(pinned, "maps")->valuedouble);
    print_daemon(cJSON_GetObjectItemCaseSensitive(report, "daemon"));
}

static const char *socket_of(const struct arguments *arguments, const struct node *node,
                             char room[2 * LIMIT_PATH])
{
    const char *given = secure_getenv("VSECM_ADMIN_SOCKET");
    if (arguments->socket)
        return arguments->socket;
    if (given && given[0])
        return given;
    snprintf(room, 2 * LIMIT_PATH, "%s/" PROTOCOL_ADMIN_NAME, node->private_dir);
    return room;
}

static enum verb_exit look(const struct arguments *arguments)
{
    struct node node;
    struct survey survey;
    char room[2 * LIMIT_PATH];
    node_look(&node);
    node_try(&node);
    if (arguments->pin_dir)
        node.pin_dir = arguments->pin_dir;
    if (arguments->private_dir)
        node.private_dir = arguments->private_dir;
    survey_node(&node, socket_of(arguments, &node, room), &survey);
    enum verb_exit status = print(arguments, survey.report, print_survey);
    if (!status)
        status = !survey.can_start ? VERB_UNFIT : survey.is_whole ? VERB_OK : VERB_REFUSED;
    survey_done(&survey);
    return status;
}

/* ---- which of them --------------------------------------------------------------------------- */

static enum verb_exit run(const struct arguments *arguments)
{
    if (arguments->node + arguments->unload + (arguments->state != NULL) > 1)
        return say_failure(VERB_USAGE, "one of --node, --unload and --state DIR is enough");
    if (arguments->salvage && !arguments->state)
        return say_failure(VERB_USAGE, "--salvage needs --state DIR");
    if (arguments->state && (arguments->pin_dir || arguments->private_dir))
        return say_failure(VERB_USAGE, "--state goes without --pin-dir and --private-dir");
    if (arguments->unload)
        return unload_run(arguments);
    return arguments->state ? examine(arguments) : look(arguments);
}

static const struct arguments_option *const options[] = {
    &arguments_doctor_node,    &arguments_doctor_unload,
    &arguments_doctor_pin_dir, &arguments_doctor_private_dir,
    &arguments_state,          &arguments_salvage,
    &arguments_output,         NULL,
};

const struct verb verb_doctor = {
    .name = "doctor",
    .operands = "[--node|--unload|--state DIR] [--pin-dir DIR] [--private-dir DIR] "
                "[--salvage NEWDIR] [-o json|table]",
    .summary = "Look at this node, or at a state directory with no daemon",
    .help =
        "Without --state: what a daemon needs on this node, what protects it, and what of that\n"
        "is missing. Exit status: 0 all is there, 1 something that a daemon runs without is\n"
        "missing or not known, 4 a daemon would not start.\n"
        "With --unload: remove the guards that go on while no daemon runs.\n"
        "With --state: DIR is never changed; with --salvage the records that are whole go into\n"
        "NEWDIR. Exit status: 0 healthy or saved, 1 damaged.\n",
    .options = options,
    .run = run,
};
