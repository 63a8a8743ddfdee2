/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/root_admit.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/name.h"
#include "base/str.h"
#include "cluster/link.h"
#include "cluster/plea.h"
#include "cluster/root_state.h"
#include "crypto/random.h"
#include "wire/wire.h"

/* Of nodes that see the same request, the one that leads goes first. */
#define PATIENCE_MS 2000u

/* ---- who there is -----------------------------------------------------------------------------
 */

struct applicant *root_admit_find(const struct root *root, struct span name)
{
    struct applicant *applicant = root->applicants;
    while (applicant && !span_is(name, applicant->name))
        applicant = applicant->next;
    return applicant;
}

static void remove_one(struct root *root, struct applicant **at)
{
    struct applicant *applicant = *at;
    *at = applicant->next;
    if (root->reviewed == applicant)
        root->reviewed = NULL;
    free(applicant->request);
    free(applicant);
    root->applicant_count--;
}

void root_admit_gone(struct root *root, struct span name)
{
    for (struct applicant **at = &root->applicants; *at; at = &(*at)->next)
        if (span_is(name, (*at)->name)) {
            remove_one(root, at);
            return;
        }
}

void root_admit_reset(struct root *root)
{
    for (struct applicant *applicant = root->applicants; applicant; applicant = applicant->next)
        applicant->is_listed = 0;
}

void root_admit_synced(struct root *root)
{
    for (struct applicant **at = &root->applicants; *at;)
        if ((*at)->is_listed)
            at = &(*at)->next;
        else
            remove_one(root, at);
    root_wake(root, 0);
}

void root_admit_done(struct root *root)
{
    while (root->applicants)
        remove_one(root, &root->applicants);
}

static struct applicant *add(struct root *root, struct span name)
{
    struct applicant *applicant = NULL;
    if (root->applicant_count < LIMIT_NODES_SEEN)
        applicant = calloc(1, sizeof *applicant);
    if (!applicant)
        return NULL;
    str_copy(applicant->name, sizeof applicant->name, name);
    applicant->next = root->applicants;
    root->applicants = applicant;
    root->applicant_count++;
    return applicant;
}

/* What MESSAGE says: nothing is known of it yet. */
static void fill(struct root *root, struct applicant *applicant, const struct wire_message *message)
{
    struct span request = message->field[NODE_REQUEST];
    free(applicant->request);
    applicant->request = request.length ? malloc(request.length) : NULL;
    applicant->length = request.length;
    if (applicant->request)
        memcpy(applicant->request, request.data, request.length);
    applicant->has_asked = applicant->request != NULL;
    applicant->has_recipient =
        age_key_read_recipient(message->field[NODE_RECIPIENT], &applicant->recipient) == 0;
    str_copy(applicant->version, sizeof applicant->version, message->field[NODE_RESOURCE_VERSION]);
    applicant->is_opened = applicant->is_reviewed = applicant->is_valid = 0;
    applicant->user[0] = applicant->node[0] = '\0';
    if (root->reviewed == applicant)
        root->reviewed = NULL; /* what is answered is about another request */
    uint64_t after = root->is_leader ? 0 : PATIENCE_MS / 4 + random_below(PATIENCE_MS);
    applicant->due_ms = clock_mono_ms() + after;
    root_wake(root, after);
}

void root_admit_object(struct root *root, const struct wire_message *message)
{
    struct applicant *applicant = root_admit_find(root, message->field[NODE_NAME]);
    if (!applicant && name_is_subdomain(message->field[NODE_NAME])) /* it stands in records */
        applicant = add(root, message->field[NODE_NAME]);
    if (!applicant)
        return;
    applicant->is_listed = 1;
    if (!span_is(message->field[NODE_RESOURCE_VERSION], applicant->version))
        fill(root, applicant, message);
}

/* ---- what is thought of one -------------------------------------------------------------------
 */

static int is_approved(const struct root *root, const struct wrap *key,
                       const struct applicant *applicant)
{
    const struct wrap_nodes *lists[] = {&key->approved, &root->wish.approved};
    for (size_t i = 0; i < 2; i++) {
        const struct wrap_node *node = wrap_find(lists[i], span_of(applicant->name));
        if (node && applicant->has_recipient &&
            memcmp(&node->recipient, &applicant->recipient, sizeof node->recipient) == 0)
            return 1;
    }
    return 0;
}

struct admission_verdict root_admit_judge(const struct root *root, const struct wrap *key,
                                          const struct applicant *applicant)
{
    const struct plea plea = {.node = span_of(applicant->said_node),
                              .recipient = applicant->said_recipient};
    const struct admission_facts facts = {
        .name = span_of(applicant->name),
        .recipient = applicant->has_recipient ? &applicant->recipient : NULL,
        .has_asked = applicant->has_asked,
        .plea = applicant->is_readable ? &plea : NULL,
        .review = {.is_known = applicant->is_reviewed,
                   .is_valid = applicant->is_valid,
                   .user = span_of(applicant->user),
                   .node = span_of(applicant->node)},
        .user = root->options.user,
        .key = key,
        .needs_approval = root->options.mode == ROOT_APPROVE || key->mode == ROOT_APPROVE,
        .is_approved = is_approved(root, key, applicant),
    };
    return admission_decide(&facts);
}

int root_admit_compare(const struct applicant *applicant, const char *recipient,
                       struct error *error)
{
    struct age_recipient compared;
    if (!recipient[0])
        return 0;
    if (age_key_read_recipient(span_of(recipient), &compared) < 0)
        return error_set(error, -EINVAL, "what was compared is no age recipient (age1...)");
    if (memcmp(&compared, &applicant->recipient, sizeof compared) != 0)
        return error_set(error, -ESTALE, "node %.253s asks with another recipient",
                         applicant->name);
    return 0;
}

/* ---- reviews ----------------------------------------------------------------------------------
 */

static void on_review(void *context, const struct wire_message *answer)
{
    struct root *root = context;
    struct applicant *applicant = root->reviewed;
    root->is_reviewing = 0;
    root->reviewed = NULL;
    root_wake(root, 0);
    if (!applicant)
        return;
    if (answer->kind != WIRE_REVIEW) {
        root_note_trouble(root, "the token of a node cannot be checked", answer);
        applicant->due_ms = clock_mono_ms() + LIMIT_ADMISSION_RETRY_MS;
        applicant->is_opened = 0;
        return;
    }
    applicant->is_reviewed = 1;
    applicant->is_valid = answer->field[REVIEW_IS_VALID].length != 0;
    str_copy(applicant->user, sizeof applicant->user, answer->field[REVIEW_USER]);
    str_copy(applicant->node, sizeof applicant->node, answer->field[REVIEW_NODE]);
    free(applicant->request); /* nobody needs it any more */
    applicant->request = NULL;
}

static int ask_review(struct root *root, struct applicant *applicant, struct span token)
{
    struct wire_message message = {.kind = WIRE_TOKEN_REVIEW};
    message.field[TOKEN_TEXT] = token;
    message.field[TOKEN_AUDIENCE] = SPAN_LITERAL(ADMISSION_AUDIENCE);
    int r = link_ask(root->options.link, &message, on_review, root);
    root->is_reviewing = r == 0;
    root->reviewed = r == 0 ? applicant : NULL;
    return r;
}

/* Open the request of APPLICANT and, if nothing in it is wrong, have its token looked at. */
static void open_request(struct root *root, struct applicant *applicant)
{
    const struct wrap_secret *keys = root->held->secret;
    struct plea plea;
    struct error error;
    int r = plea_open(root->options.arena, keys->identity, keys->identities,
                      (struct span){applicant->request, applicant->length}, &plea, &error);
    if (r == -ENOSPC || r == -ENOMEM) {
        applicant->due_ms = clock_mono_ms() + LIMIT_ADMISSION_RETRY_MS;
        return;
    }
    applicant->is_opened = 1;
    applicant->is_readable = r == 0;
    if (r < 0)
        return;
    str_copy(applicant->said_node, sizeof applicant->said_node, plea.node);
    applicant->said_recipient = plea.recipient;
    if (root_admit_judge(root, root->held, applicant).what == ADMISSION_REVIEW &&
        ask_review(root, applicant, plea.token) < 0) {
        applicant->is_opened = 0;
        applicant->due_ms = clock_mono_ms() + LIMIT_ADMISSION_RETRY_MS;
    }
    plea_done(&plea);
}

/* ---- all of them ------------------------------------------------------------------------------
 */

static int is_new(const struct applicant *applicant)
{
    return applicant->has_asked && applicant->request && !applicant->is_opened;
}

/* Once for each reason. */
static void note_once(struct root *root, struct applicant *applicant,
                      const struct admission_verdict *verdict)
{
    if (applicant->noted && strcmp(applicant->noted, verdict->reason) == 0)
        return;
    applicant->noted = verdict->reason;
    root_note(root, verdict->what == ADMISSION_WAIT ? "node-wait" : "node-refuse", applicant->name,
              "deny", verdict->reason);
}

/* Non-zero when APPLICANT can be let in. */
static int look_at(struct root *root, struct applicant *applicant, uint64_t now)
{
    int is_in = applicant->has_recipient &&
                wrap_has(root->held, span_of(applicant->name), &applicant->recipient);
    if (is_in || !applicant->has_asked)
        return 0;
    if (applicant->due_ms > now) {
        root_wake(root, applicant->due_ms - now);
        return 0;
    }
    if (is_new(applicant) && !root->is_reviewing)
        open_request(root, applicant);
    if (!applicant->is_opened)
        return 0;
    struct admission_verdict verdict = root_admit_judge(root, root->held, applicant);
    if (verdict.what == ADMISSION_REFUSE || verdict.what == ADMISSION_WAIT)
        note_once(root, applicant, &verdict);
    return verdict.what == ADMISSION_LET_IN;
}

int root_admit_look(struct root *root)
{
    uint64_t now = clock_mono_ms();
    int found = 0;
    for (struct applicant *applicant = root->applicants; applicant; applicant = applicant->next)
        found |= look_at(root, applicant, now);
    return found;
}

/* There is no room: somebody who is in and has no VSecMNode any more goes, oldest first. */
static int make_room(struct root *root, struct wrap *next)
{
    struct wrap_nodes *nodes = &next->nodes;
    for (size_t i = 0; root->nodes_synced && i < nodes->count; i++) {
        struct span name = span_of(nodes->list[i].name);
        if (!root_admit_find(root, name) && !span_is(name, root->options.node))
            return wrap_drop(nodes, name);
    }
    return 0;
}

void root_admit_add(struct root *root, struct wrap *next, struct wrap_nodes *admitted)
{
    for (struct applicant *applicant = root->applicants; applicant; applicant = applicant->next) {
        struct span name = span_of(applicant->name);
        if (root_admit_judge(root, next, applicant).what != ADMISSION_LET_IN)
            continue;
        if (wrap_put(&next->nodes, name, &applicant->recipient) < 0 &&
            (!make_room(root, next) || wrap_put(&next->nodes, name, &applicant->recipient) < 0)) {
            const struct admission_verdict full = {ADMISSION_WAIT, "full", ""};
            note_once(root, applicant, &full);
            continue;
        }
        wrap_drop(&next->approved, name);
        wrap_unbar(next, name);
        wrap_put(admitted, name, &applicant->recipient);
    }
}
