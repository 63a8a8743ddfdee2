/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/root_ask.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "cluster/link.h"
#include "cluster/plea.h"
#include "cluster/root_state.h"
#include "store/rootkey.h"

/* ---- what is known ----------------------------------------------------------------------------
 */

void root_ask_object(struct root *root, const struct wire_message *message)
{
    struct root_self *self = &root->self;
    self->is_there = self->is_listed = 1;
    self->has_request = message->field[NODE_REQUEST].length != 0;
    self->is_approved = message->field[NODE_APPROVED].length != 0;
    str_copy(self->version, sizeof self->version, message->field[NODE_RESOURCE_VERSION]);
    age_key_read_recipient(message->field[NODE_RECIPIENT], &self->recipient);
    root_wake(root, 0);
}

void root_ask_gone(struct root *root)
{
    root->self.is_there = root->self.has_request = root->self.is_approved = 0;
    root->self.version[0] = '\0';
    root->self.due_ms = 0;
    root_wake(root, 0);
}

static const struct age_recipient *own_recipient(const struct root *root)
{
    return &rootkey_identities(root->own)->recipient;
}

static int says_who_we_are(const struct root *root)
{
    return root->self.is_there &&
           memcmp(&root->self.recipient, own_recipient(root), sizeof root->self.recipient) == 0;
}

/* ---- writing it -------------------------------------------------------------------------------
 */

static void try_again(struct root *root, uint64_t after_ms)
{
    root->self.due_ms = clock_mono_ms() + after_ms;
    root_wake(root, after_ms);
}

static void on_written(void *context, const struct wire_message *result)
{
    struct root *root = context;
    struct root_self *self = &root->self;
    self->is_asking = 0;
    if (span_is(result->field[RESULT_CODE], "ok")) {
        self->conflicts = 0;
        self->is_there = 1;
        self->recipient = *own_recipient(root);
        str_copy(self->version, sizeof self->version, result->field[RESULT_RESOURCE_VERSION]);
        try_again(root, LIMIT_ADMISSION_MS);
        return;
    }
    self->has_request = 0;
    if (!span_is(result->field[RESULT_CODE], "conflict"))
        root_note_trouble(root, "the VSecMNode of this node cannot be written", result);
    /* What came before us is told in a moment. */
    try_again(root, root_conflict_ms(&self->conflicts));
}

static int write_self(struct root *root, struct span request)
{
    char recipient[AGE_KEY_RECIPIENT_TEXT];
    struct wire_message message = {.kind = WIRE_NODE_PUT};
    age_key_write_recipient(own_recipient(root), recipient);
    message.field[NODE_NAME] = span_of(root->options.node);
    message.field[NODE_RESOURCE_VERSION] = span_of(root->self.version);
    message.field[NODE_RECIPIENT] = span_of(recipient);
    message.field[NODE_REQUEST] = request;
    message.field[NODE_APPROVED] = span_of(root->self.is_approved ? "1" : "");
    int r = link_ask(root->options.link, &message, on_written, root);
    root->self.is_asking = r == 0;
    root->self.has_request = r == 0 && request.length;
    if (r < 0)
        try_again(root, LIMIT_ADMISSION_RETRY_MS);
    return r;
}

static int may_write(const struct root *root)
{
    return root->nodes_synced && !root->self.is_asking && link_is_up(root->options.link);
}

/* Non-zero when it is too early; then it is looked at again in time. */
static int is_early(struct root *root)
{
    uint64_t now = clock_mono_ms();
    if (now >= root->self.due_ms)
        return 0;
    root_wake(root, root->self.due_ms - now);
    return 1;
}

void root_ask_nothing(struct root *root)
{
    if (!may_write(root) || (says_who_we_are(root) && !root->self.has_request))
        return;
    if (root->self.conflicts && is_early(root))
        return;
    write_self(root, (struct span){NULL, 0});
}

/* ---- asking -----------------------------------------------------------------------------------
 */

static int ask_with(struct root *root, struct span token)
{
    struct age_recipient to;
    const struct plea plea = {
        .node = span_of(root->options.node), .recipient = *own_recipient(root), .token = token};
    char *request = NULL;
    size_t length = 0;
    int r = age_key_read_recipient(span_of(root->self.asked_of), &to);
    if (r == 0)
        r = plea_seal(root->options.arena, &plea, &to, &request, &length);
    if (r == 0)
        r = write_self(root, (struct span){request, length});
    free(request);
    return r;
}

static void on_token(void *context, const struct wire_message *answer)
{
    struct root *root = context;
    root->self.is_asking = 0;
    if (answer->kind != WIRE_TOKEN) {
        root_note_trouble(root, "the token that proves this node cannot be had", answer);
        try_again(root, LIMIT_ADMISSION_RETRY_MS);
    } else if (ask_with(root, answer->field[TOKEN_TEXT]) < 0) {
        try_again(root, LIMIT_ADMISSION_RETRY_MS);
    }
}

void root_ask_admission(struct root *root)
{
    struct wire_message message = {.kind = WIRE_TOKEN_GET};
    struct root_self *self = &root->self;
    struct age_recipient to;
    int is_new = strcmp(self->asked_of, root->object.recipient) != 0;
    if (!may_write(root) || (!is_new && is_early(root)))
        return;
    str_copy(self->asked_of, sizeof self->asked_of, span_of(root->object.recipient));
    if (age_key_read_recipient(span_of(self->asked_of), &to) < 0) {
        str_copy(root->trouble, sizeof root->trouble,
                 SPAN_LITERAL("the VSecMKey names no recipient to ask"));
        try_again(root, LIMIT_ADMISSION_MS);
        return;
    }
    int r = link_ask(root->options.link, &message, on_token, root);
    self->is_asking = r == 0;
    if (r < 0)
        try_again(root, LIMIT_ADMISSION_RETRY_MS);
}
