/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/submit.h"
#include "cli/verb.h"

#include "base/name.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/listing.h"
#include "cli/output.h"
#include "cli/say.h"
#include "client/exchange.h"
#include "crypto/age_key.h"
#include "protocol.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the longest list: a thousand nodes that wait, with names as long as may be. */
#define ANSWER_LIMIT (2u * 1024u * 1024u)

/* ---- the list -------------------------------------------------------------------------------- */

static const struct listing_column columns[] = {
    {.title = "NODE", .member = "name"},
    {.title = "STATE", .member = "state"},
    {.title = "RECIPIENT", .member = "recipient"},
    {.title = "WHY", .member = "why", .usual = ""},
};

/* Move the rows of LIST to ROWS, each of them in STATE. */
static void move_rows(cJSON *list, const char *state, cJSON *rows)
{
    cJSON *row;
    while (cJSON_IsArray(list) && (row = cJSON_DetachItemFromArray(list, 0))) {
        cJSON_AddStringToObject(row, "state", state);
        cJSON_AddItemToArray(rows, row);
    }
}

static void print_member(const cJSON *json, const char *name, const char *what)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
    if (cJSON_IsString(member) && member->valuestring[0])
        printf("%s: %s\n", what, member->valuestring);
}

static enum verb_exit print_list(const struct exchange_answer *answer)
{
    cJSON *json = cJSON_ParseWithLength(answer->body, answer->head.length);
    cJSON *rows = cJSON_CreateArray();
    cJSON *nodes = cJSON_GetObjectItemCaseSensitive(json, "nodes");
    enum verb_exit status = VERB_OK;
    if (cJSON_IsArray(nodes) && rows) {
        move_rows(nodes, "in", rows);
        move_rows(cJSON_GetObjectItemCaseSensitive(json, "waiting"), "waits", rows);
        listing_table(rows, columns, sizeof columns / sizeof *columns);
        print_member(json, "node", "this node");
        print_member(json, "nodeRecipient", "its own recipient");
        print_member(json, "why", "the root key is not known on this node");
        print_member(json, "refused", "the VSecMKey in the cluster is refused");
        print_member(json, "trouble", "what failed last");
    } else {
        status = say_failure(VERB_REFUSED, "the answer has no nodes");
    }
    cJSON_Delete(rows);
    cJSON_Delete(json);
    return status;
}

static enum verb_exit list(const struct arguments *arguments)
{
    const struct exchange_request request = {
        .method = "GET",
        .target = PATH_NODES,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    enum verb_exit status = call_admin(arguments, &request, &answer);
    if (status)
        return status;
    status = arguments->json ? output_body(&answer) : print_list(&answer);
    exchange_clear(&answer);
    return status;
}

/* ---- one of them ----------------------------------------------------------------------------- */

static void write_body(struct writer *writer, const void *argument)
{
    const struct arguments *arguments = argument;
    writer_text(writer, "{\"");
    writer_text(writer, arguments->operands[0]); /* one of ours, and the member's name */
    writer_text(writer, "\":\"");
    writer_text(writer, arguments->operands[1]); /* which needs no escape */
    if (arguments->operand_count > 2) {
        writer_text(writer, "\",\"recipient\":\"");
        writer_text(writer, arguments->operands[2]); /* nor does this */
    }
    writer_text(writer, "\"}");
}

static enum verb_exit change(const struct arguments *arguments, const char *said)
{
    const struct submit what = {
        .method = "POST",
        .target = PATH_NODES,
        .limit = ANSWER_LIMIT,
        .write = write_body,
        .argument = arguments,
    };
    struct exchange_answer answer;
    struct age_recipient recipient;
    if (!name_is_subdomain(span_of(arguments->operands[1])))
        return say_failure(VERB_USAGE, "a node's name must be " NAME_SUBDOMAIN_RULE);
    if (arguments->operand_count > 2 &&
        age_key_read_recipient(span_of(arguments->operands[2]), &recipient) < 0)
        return say_failure(VERB_USAGE, "RECIPIENT must be an age recipient (age1...)");
    enum verb_exit status = submit_body(arguments, &what, &answer);
    if (status)
        return status;
    exchange_clear(&answer);
    printf("node %s %s\n", arguments->operands[1], said);
    return VERB_OK;
}

static enum verb_exit approve(const struct arguments *arguments)
{
    return change(arguments, "is approved: it is let in once its token was checked");
}

static enum verb_exit take_out(const struct arguments *arguments)
{
    return change(arguments,
                  "is left out of the new root key that is being made; what it could read "
                  "it may have kept");
}

/* ---- the verb -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t least, most; /* operands, this one included */
    enum verb_exit (*run)(const struct arguments *arguments);
} actions[] = {{"list", 1, 1, list}, {"approve", 2, 3, approve}, {"remove", 2, 2, take_out}};

#define ACTIONS (sizeof actions / sizeof actions[0])

static enum verb_exit run(const struct arguments *arguments)
{
    for (size_t i = 0; i < ACTIONS; i++)
        if (strcmp(arguments->operands[0], actions[i].name) == 0 &&
            arguments->operand_count >= actions[i].least &&
            arguments->operand_count <= actions[i].most)
            return actions[i].run(arguments);
    return say_failure(
        VERB_USAGE, "say `vsecm node list`, `vsecm node approve NODE [RECIPIENT]` or `vsecm node "
                    "remove NODE`");
}

static const struct arguments_option *const options[] = {&arguments_output, NULL};

const struct verb verb_node = {
    .name = "node",
    .operands = "list|approve|remove [NODE [RECIPIENT]] [-o json|table]",
    .summary = "Say which nodes of a cluster know its root key, and which may",
    .help =
        "`list` shows who is in, who waits, and why. `approve NODE RECIPIENT` lets one in that a "
        "person\nhas to look at: RECIPIENT is what that node says itself; without it, whatever "
        "stands in the\nlist by then is approved. `remove NODE` makes a new root key and gives it "
        "to all others.\n",
    .options = options,
    .least = 1,
    .most = 3,
    .run = run,
};
