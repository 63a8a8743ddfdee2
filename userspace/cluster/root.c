/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cluster/link.h"
#include "cluster/root_admit.h"
#include "cluster/root_ask.h"
#include "cluster/root_put.h"
#include "cluster/root_state.h"
#include "cluster/root_take.h"
#include "crypto/random.h"
#include "store/rootkey.h"
#include "wire/wire.h"

/* ---- what there is to do ----------------------------------------------------------------------
 */

void root_wake(struct root *root, uint64_t after_ms)
{
    uint64_t due = clock_mono_ms() + after_ms;
    if (root->is_waking && root->timer.due_ms <= due)
        return;
    root->is_waking = 1;
    loop_set_timer(root->options.loop, &root->timer, after_ms);
}

uint64_t root_conflict_ms(unsigned *conflicts)
{
    static const struct backoff backoff = {.delay_ms = LIMIT_CONFLICT_MIN_MS,
                                           .max_wait_ms = LIMIT_CONFLICT_MAX_MS,
                                           .is_exponential = true};
    uint64_t wait = backoff_wait_ms(&backoff, (*conflicts)++, 0);
    return wait + random_below(wait);
}

void root_note(struct root *root, const char *what, const char *name, const char *outcome,
               const char *why)
{
    if (root->options.note)
        root->options.note(root->options.context, what, name, outcome, why);
}

void root_note_trouble(struct root *root, const char *what, const struct wire_message *result)
{
    struct span code = result->field[RESULT_CODE], text = result->field[RESULT_MESSAGE];
    snprintf(root->trouble, sizeof root->trouble, "%s: %.*s: %.*s", what, (int)code.length,
             code.data, (int)(text.length < 120 ? text.length : 120), text.data);
}

/* Look at what is known, and do what follows from it. */
static void look(struct root *root)
{
    if (!link_is_up(root->options.link) || !root->object.is_synced)
        return;
    if (root->object.is_there && root->object.is_unjudged) {
        root_take_judge(root);
        root_wake(root, LIMIT_ADMISSION_RETRY_MS);
    } else if (!root->held && root->object.is_there) {
        root_ask_admission(root);
    } else if (!root->held && root->options.mode != ROOT_MANUAL) {
        root_put_first(root);
    } else if (root->held && !root->object.refused && !root->is_out) {
        root_put_changes(root);
        root_ask_nothing(root);
    }
}

static void on_timer(struct loop_timer *timer)
{
    struct root *root = (struct root *)((char *)timer - offsetof(struct root, timer));
    root->is_waking = 0;
    look(root);
}

/* ---- what vsecm-sync tells --------------------------------------------------------------------
 */

static void on_key(void *context, const struct wire_message *message)
{
    if (message->kind == WIRE_KEY)
        root_take_object(context, message);
    else
        root_take_gone(context);
    root_put_seen(context);
}

static int is_own(const struct root *root, const struct wire_message *message)
{
    return span_is(message->field[NODE_NAME], root->options.node);
}

static void on_node(void *context, const struct wire_message *message)
{
    struct root *root = context;
    if (is_own(root, message))
        root_ask_object(root, message);
    root_admit_object(root, message);
}

static void on_node_gone(void *context, const struct wire_message *message)
{
    struct root *root = context;
    if (is_own(root, message))
        root_ask_gone(root);
    root_admit_gone(root, message->field[NODE_NAME]);
}

static void on_reset(void *context, const struct wire_message *message)
{
    struct root *root = context;
    if (span_is(message->field[LIST_WHAT], "key"))
        root_take_reset(root);
    if (!span_is(message->field[LIST_WHAT], "nodes"))
        return;
    root->self.is_listed = 0;
    root_admit_reset(root);
}

static void on_synced(void *context, const struct wire_message *message)
{
    struct root *root = context;
    if (span_is(message->field[LIST_WHAT], "key")) {
        root_take_synced(root);
        root_put_seen(root);
    }
    if (!span_is(message->field[LIST_WHAT], "nodes"))
        return;
    root->nodes_synced = 1;
    if (root->self.is_there && !root->self.is_listed)
        root_ask_gone(root);
    root_admit_synced(root);
}

static void on_leader(void *context, const struct wire_message *message)
{
    struct root *root = context;
    root->is_leader = message->field[LEADER_IS_US].length != 0;
}

static void on_api(void *context, const struct wire_message *message)
{
    (void)message;
    root_wake(context, 0);
}

static void on_lost(void *context, const struct wire_message *message)
{
    struct root *root = context;
    (void)message;
    root->nodes_synced = root->is_leader = 0;
    root_take_lost(root);
}

static int observe(struct root *root)
{
    static const struct {
        enum wire_kind kind;
        link_observer *observer;
    } rows[] = {
        {WIRE_KEY, on_key},       {WIRE_KEY_GONE, on_key},
        {WIRE_NODE, on_node},     {WIRE_NODE_GONE, on_node_gone},
        {WIRE_RESET, on_reset},   {WIRE_SYNCED, on_synced},
        {WIRE_LEADER, on_leader}, {WIRE_API, on_api},
        {WIRE_NONE, on_lost},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof rows / sizeof rows[0]; i++)
        r = link_observe(root->options.link, rows[i].kind, rows[i].observer, root);
    return r;
}

/* ---- beginning and end ------------------------------------------------------------------------
 */

static int make_identity(struct root *root, struct error *error)
{
    root->own = rootkey_generate(root->options.arena);
    return root->own ? 0
                     : error_set(error, -ENOSPC,
                                 "there is no secret memory left for the node's identity");
}

static int read_identity(struct root *root, struct error *error)
{
    const struct root_options *options = &root->options;
    if (options->mode == ROOT_MANUAL)
        return make_identity(root, error);
    int r = rootkey_read(options->arena, options->dir, ROOT_NODE_KEY, &root->own, error);
    if (r != -ENOENT)
        return r;
    r = make_identity(root, error);
    if (r == 0)
        r = rootkey_write(options->dir, ROOT_NODE_KEY, options->arena, root->own, NULL);
    return r < 0 && root->own ? error_errno(error, r, ROOT_NODE_KEY " cannot be written") : r;
}

static int check_recovery(const struct root_options *options, struct error *error)
{
    struct wrap *trial = wrap_new(options->arena, NULL, 0);
    if (!trial)
        return error_set(error, -ENOMEM, "out of memory");
    int r = wrap_set_recovery(trial, options->recovery ? options->recovery : "", error);
    wrap_free(trial);
    return r;
}

int root_new(const struct root_options *options, struct root **ret, struct error *error)
{
    struct root *root = calloc(1, sizeof *root);
    if (!root)
        return error_set(error, -ENOMEM, "out of memory");
    root->options = *options;
    root->timer.fire = on_timer;
    int r = check_recovery(options, error);
    if (r == 0)
        r = read_identity(root, error);
    if (r == 0 && options->mode != ROOT_MANUAL)
        root_take_copy(root);
    if (r == 0 && (r = observe(root)) < 0)
        error_set(error, r, "out of memory");
    if (r < 0) {
        root_free(root);
        return r;
    }
    *ret = root;
    return 0;
}

void root_free(struct root *root)
{
    if (!root)
        return;
    loop_cancel_timer(root->options.loop, &root->timer);
    root_put_done(root);
    root_admit_done(root);
    wrap_free(root->held);
    free(root->held_text);
    free(root->object.sealed);
    rootkey_free(root->own);
    free(root);
}

/* ---- questions --------------------------------------------------------------------------------
 */

const struct age_recipient *root_recipient(const struct root *root)
{
    return root->held ? &root->held->secret->identity[0].recipient : NULL;
}

const struct age_recipient *root_seals_to(const struct root *root)
{
    return root->is_out ? NULL : root_recipient(root);
}

const struct age_identity *root_identities(const struct root *root, size_t *count)
{
    *count = root->held ? root->held->secret->identities : 0;
    return root->held ? root->held->secret->identity : NULL;
}

const char *root_why(const struct root *root)
{
    if (root->held)
        return root->is_out ? "the VSecMKey is not wrapped to this node any more" : "";
    if (!link_is_up(root->options.link))
        return link_why(root->options.link);
    if (root->trouble[0])
        return root->trouble;
    if (!root->object.is_synced)
        return "it is not known yet whether there is a VSecMKey";
    if (root->object.is_there)
        return "this node waits to be let in (vsecm node list, where a node is in)";
    if (root->options.mode == ROOT_MANUAL)
        return "an administrator has to bring the root key (vsecm unseal)";
    return "the root key is being made";
}

/* ---- what people do ---------------------------------------------------------------------------
 */

static int is_in_use(const struct root *root, const struct rootkey *key)
{
    const struct wrap_secret *secret = root->held->secret;
    for (size_t i = 0; i < secret->identities; i++)
        if (memcmp(&secret->identity[i], rootkey_identities(key), sizeof secret->identity[i]) == 0)
            return 1;
    return 0;
}

/* Non-zero when the VSecMKey, if one is known, names the public half of KEY. */
static int is_named(const struct root *root, const struct rootkey *key)
{
    char text[AGE_KEY_RECIPIENT_TEXT];
    age_key_write_recipient(&rootkey_identities(key)->recipient, text);
    return !root->object.is_there || strcmp(text, root->object.recipient) == 0;
}

static int take_brought(struct root *root, const struct rootkey *key, struct error *error)
{
    if (root->held)
        return is_in_use(root, key)
                   ? 0
                   : error_set(
                         error, -EEXIST,
                         "the root key is known, and this is another; to change it use rekey");
    if (!is_named(root, key))
        return error_set(error, -EINVAL,
                         "this is not the root key of this cluster: the VSecMKey names another");
    root->held = wrap_new(root->options.arena, rootkey_identities(key), rootkey_count(key));
    if (!root->held)
        return error_set(error, -ENOSPC, "there is no secret memory left for the root key");
    root->held->mode = root->options.mode;
    if (root->object.is_there)
        root_take_judge(root); /* it is wrapped for whoever has the key, too */
    if (!root->held)
        return error_set(error, -EINVAL, "the VSecMKey cannot be opened with this root key");
    if (root->held->generation == 0)
        root->options.changed(root->options.context);
    root_wake(root, 0);
    return 0;
}

int root_bring(struct root *root, struct rootkey *key, struct error *error)
{
    int r = take_brought(root, key, error);
    rootkey_free(key);
    return r;
}

/* 0 when this node can change the VSecMKey. */
static int check_able(const struct root *root, struct error *error)
{
    if (!root->held)
        return error_set(error, -ENOKEY, "this node does not know the root key: %s",
                         root_why(root));
    if (root->object.refused)
        return error_set(error, -ENOKEY,
                         "the VSecMKey is not believed here (%s), so nothing is changed in it",
                         root->object.refused);
    if (!link_is_up(root->options.link))
        return error_set(error, -ENOTCONN, "%s", link_why(root->options.link));
    return 0;
}

static int check_leaving(const struct root *root, const char *leaving, struct error *error)
{
    struct span name = span_of(leaving);
    if (!leaving[0])
        return 0;
    if (strcmp(leaving, root->options.node) == 0)
        return error_set(error, -EINVAL,
                         "a node does not remove itself: ask another node, which stays");
    if (!wrap_find(&root->held->nodes, name) && !root_admit_find(root, name))
        return error_set(error, -ENOENT, "there is no node %.253s", leaving);
    return 0;
}

int root_rekey(struct root *root, const char *leaving, struct error *error)
{
    int r = check_able(root, error);
    if (r == 0)
        r = check_leaving(root, leaving, error);
    if (r < 0)
        return r;
    if (root->wish.rekeys || root->held->secret->identities == ROOTKEY_MAX)
        return error_set(error, -EBUSY, "the root key is being changed already");
    root->wish.rekeys = 1;
    str_copy(root->wish.leaving, sizeof root->wish.leaving, span_of(leaving));
    root_wake(root, 0);
    return 0;
}

int root_drop_old(struct root *root, struct error *error)
{
    int r = check_able(root, error);
    if (r < 0)
        return r;
    root->wish.settles = root->held->secret->identities > 1;
    root_wake(root, 0);
    return 0;
}

int root_approve(struct root *root, const char *name, const char *recipient, struct error *error)
{
    int r = check_able(root, error);
    if (r < 0)
        return r;
    const struct applicant *applicant = root_admit_find(root, span_of(name));
    if (!applicant || !applicant->has_recipient)
        return error_set(error, -ENOENT, "no node %.253s has asked to be let in", name);
    r = root_admit_compare(applicant, recipient, error);
    if (r < 0)
        return r;
    if (wrap_has(root->held, span_of(name), &applicant->recipient))
        return 0;
    if (wrap_put(&root->wish.approved, span_of(name), &applicant->recipient) < 0)
        return error_set(error, -ENOSPC, "too many nodes were approved and have not come in");
    root_wake(root, 0);
    return 0;
}
