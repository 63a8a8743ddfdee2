/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/root_put.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "cluster/root_admit.h"
#include "cluster/root_state.h"
#include "cluster/root_take.h"
#include "store/rootkey.h"
#include "wire/wire.h"

#define GATHER_MS 1000u /* that somebody who may be let in waits for others */

static void forget(struct root *root)
{
    struct root_change *change = &root->change;
    wrap_free(change->next);
    free(change->sealed);
    change->next = NULL;
    change->sealed = NULL;
    change->admitted.count = 0;
    change->creates = change->rekeys = change->settles = 0;
    change->is_asked = change->is_lost = 0;
    change->leaving[0] = '\0';
}

void root_put_done(struct root *root)
{
    forget(root);
}

/* ---- what came of it --------------------------------------------------------------------------
 */

static void delete_node(struct root *root, const char *name)
{
    struct wire_message message = {.kind = WIRE_NODE_DELETE};
    message.field[NODE_NAME] = span_of(name);
    link_tell(root->options.link, &message); /* if it stays, it is barred */
}

static void note_change(struct root *root, const struct root_change *change)
{
    if (change->creates)
        root_note(root, "root-create", "", "allow", "ok");
    if (change->rekeys)
        root_note(root, "root-rekey", change->leaving, "allow", "ok");
    for (size_t i = 0; i < change->admitted.count; i++)
        root_note(root, "node-admit", change->admitted.list[i].name, "allow", "ok");
    if (change->leaving[0])
        delete_node(root, change->leaving);
}

/* What was wished and is done now. */
static void fulfil(struct root *root, const struct root_change *change)
{
    if (change->rekeys) {
        root->wish.rekeys = 0;
        root->wish.leaving[0] = '\0';
    }
    if (change->settles)
        root->wish.settles = 0;
    const struct wrap_nodes *lists[] = {&change->next->approved, &change->next->nodes};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < lists[i]->count; j++) {
            const struct wrap_node *done = &lists[i]->list[j];
            const struct wrap_node *wished = wrap_find(&root->wish.approved, span_of(done->name));
            if (wished && memcmp(&wished->recipient, &done->recipient, sizeof done->recipient) == 0)
                wrap_drop(&root->wish.approved, span_of(done->name));
        }
}

/* It is in the cluster. It may be known already, for what is watched comes on the same way. */
static void on_kept(struct root *root, struct span version)
{
    struct root_change *change = &root->change;
    struct wrap *next = change->next;
    char *sealed = change->sealed;
    fulfil(root, change);
    change->failures = 0;
    root->trouble[0] = '\0';
    note_change(root, change);
    change->next = NULL;
    change->sealed = NULL;
    if (root->held && root->held->generation >= next->generation) {
        wrap_free(next);
        free(sealed);
        return;
    }
    root->object.is_there = root->object.is_listed = 1;
    str_copy(root->object.version, sizeof root->object.version, version);
    age_key_write_recipient(&next->secret->identity[0].recipient, root->object.recipient);
    root_take_accept(root, next, sealed, change->length);
}

/* Non-zero when the VSecMKey is what the change was to make of it. */
static int is_there(const struct root *root)
{
    const struct root_change *change = &root->change;
    const struct root_object *object = &root->object;
    return object->is_there && object->length == change->length &&
           memcmp(object->sealed, change->sealed, change->length) == 0;
}

void root_put_seen(struct root *root)
{
    struct root_change *change = &root->change;
    char version[sizeof root->object.version]; /* on_kept() writes where it was */
    if (!change->is_lost || change->is_asked || strcmp(root->object.version, change->base) == 0)
        return;
    memcpy(version, root->object.version, sizeof version);
    if (is_there(root))
        on_kept(root, span_of(version));
    forget(root); /* else it never can be: it was made from a version that is no more */
}

static void on_written(void *context, const struct wire_message *result)
{
    struct root *root = context;
    struct root_change *change = &root->change;
    struct span code = result->field[RESULT_CODE];
    int is_conflict = span_is(code, "conflict"), is_unknown = span_is(code, "unreachable");
    uint64_t after =
        is_conflict || is_unknown ? root_conflict_ms(&change->failures) : LIMIT_ADMISSION_RETRY_MS;
    change->is_asked = 0;
    change->is_lost |= is_unknown;
    if (span_is(code, "ok")) {
        on_kept(root, result->field[RESULT_RESOURCE_VERSION]);
        after = 0;
    } else if (!is_conflict) {
        root_note_trouble(root, "the VSecMKey cannot be written", result);
    }
    /* One whose answer is lost is found in the cluster, or sent once more as it is. */
    if (change->is_lost && (is_conflict || is_unknown))
        root_put_seen(root);
    else
        forget(root);
    change->due_ms = clock_mono_ms() + after;
    root_wake(root, after);
}

/* ---- writing it -------------------------------------------------------------------------------
 */

static size_t list_names(const struct wrap *wrap, char *ret, size_t size)
{
    struct writer w = writer_on(ret, size);
    for (size_t i = 0; i < wrap->nodes.count; i++) {
        writer_text(&w, i ? "\n" : "");
        writer_text(&w, wrap->nodes.list[i].name);
    }
    return w.used;
}

static int send_change(struct root *root)
{
    struct root_change *change = &root->change;
    char recipient[AGE_KEY_RECIPIENT_TEXT];
    struct wire_message message = {.kind = WIRE_KEY_PUT};
    char *names = malloc(LIMIT_WIRE_LIST);
    if (!names)
        return -ENOMEM;
    age_key_write_recipient(&change->next->secret->identity[0].recipient, recipient);
    message.field[KEY_RESOURCE_VERSION] = span_of(change->base);
    message.field[KEY_RECIPIENT] = span_of(recipient);
    message.field[KEY_SEALED] = (struct span){change->sealed, change->length};
    message.field[KEY_NODES] =
        (struct span){names, list_names(change->next, names, LIMIT_WIRE_LIST)};
    int r = link_ask(root->options.link, &message, on_written, root);
    change->is_asked = r == 0;
    free(names);
    return r;
}

static void put(struct root *root)
{
    struct root_change *change = &root->change;
    int r = wrap_seal(change->next, &change->sealed, &change->length);
    memcpy(change->base, root->object.version, sizeof change->base);
    if (r == 0)
        r = send_change(root);
    if (r == 0)
        return;
    forget(root);
    change->due_ms = clock_mono_ms() + LIMIT_ADMISSION_RETRY_MS;
    root_wake(root, LIMIT_ADMISSION_RETRY_MS);
}

/* Non-zero when one may be written now; else it is looked at again in time. */
static int may_put(struct root *root)
{
    const struct root_options *options = &root->options;
    uint64_t now = clock_mono_ms();
    if (root->change.is_asked || !link_is_up(options->link))
        return 0;
    if (options->can_note && options->can_note(options->context) < 0) {
        str_copy(root->trouble, sizeof root->trouble,
                 SPAN_LITERAL("no record could be kept of a change of the VSecMKey, so it is not "
                              "changed"));
        root_wake(root, LIMIT_ADMISSION_RETRY_MS);
        return 0;
    }
    if (root->change.due_ms <= now)
        return 1;
    root_wake(root, root->change.due_ms - now);
    return 0;
}

static int add_self(struct root *root, struct wrap *next)
{
    const struct age_recipient *own = &rootkey_identities(root->own)->recipient;
    struct span name = span_of(root->options.node);
    if (wrap_has(next, name, own))
        return 0;
    return wrap_put(&next->nodes, name, own) == 0;
}

/* The recovery recipients are what this node was told; non-zero when they were others. */
static int set_recovery(struct root *root, struct wrap *next)
{
    struct age_recipient was[LIMIT_RECOVERY];
    size_t count = next->recoveries;
    memcpy(was, next->recovery, sizeof was);
    if (!root->options.recovery || !root->options.recovery[0])
        return 0; /* told nothing: those that are there stay */
    wrap_set_recovery(next, root->options.recovery, NULL); /* root_new() has looked at it */
    return count != next->recoveries || memcmp(was, next->recovery, count * sizeof was[0]) != 0;
}

/* Non-zero when there is one whose answer was lost: that goes first, and nothing beside it. */
static int put_lost(struct root *root)
{
    if (root->change.is_lost && send_change(root) < 0)
        root_wake(root, LIMIT_ADMISSION_RETRY_MS);
    return root->change.is_lost;
}

void root_put_first(struct root *root)
{
    struct root_change *change = &root->change;
    if (!may_put(root) || put_lost(root))
        return;
    struct rootkey *key = rootkey_generate(root->options.arena);
    change->next = key ? wrap_new(root->options.arena, rootkey_identities(key), 1) : NULL;
    rootkey_free(key);
    if (!change->next)
        return;
    change->next->generation = 1;
    change->next->mode = root->options.mode;
    add_self(root, change->next);
    set_recovery(root, change->next);
    change->creates = 1;
    put(root);
}

/* ---- changes ----------------------------------------------------------------------------------
 */

static int approve(const struct root *root, struct wrap *next)
{
    const struct wrap_nodes *wished = &root->wish.approved;
    int found = 0;
    for (size_t i = 0; i < wished->count; i++) {
        struct span name = span_of(wished->list[i].name);
        if (!wrap_has(next, name, &wished->list[i].recipient))
            found |= wrap_put(&next->approved, name, &wished->list[i].recipient) == 0;
    }
    return found;
}

static void remove_leaving(struct root *root, struct wrap *next)
{
    struct root_change *change = &root->change;
    struct span leaving = span_of(root->wish.leaving);
    if (!leaving.length)
        return;
    wrap_drop(&next->nodes, leaving);
    wrap_drop(&next->approved, leaving);
    wrap_bar(next, leaving);
    str_copy(change->leaving, sizeof change->leaving, leaving);
}

static int change_key(struct root *root, struct wrap *next)
{
    struct root_change *change = &root->change;
    if (root->wish.settles && next->secret->identities > 1) {
        wrap_settle(next);
        change->settles = 1;
    } else {
        root->wish.settles = 0;
    }
    if (root->wish.rekeys && wrap_renew(next) == 0) {
        next->mode = root->options.mode;
        change->rekeys = 1;
        remove_leaving(root, next);
    }
    return change->settles || change->rekeys;
}

/* Everything that is to be different in NEXT. Non-zero when something is. */
static int change_all(struct root *root, struct wrap *next, int somebody_asks)
{
    int is_changed = change_key(root, next);
    is_changed |= add_self(root, next);
    if (root->is_leader) /* nodes that were told different ones would go on changing it */
        is_changed |= set_recovery(root, next);
    is_changed |= approve(root, next);
    if (root->options.mode == ROOT_APPROVE && next->mode == ROOT_AUTO) {
        next->mode = ROOT_APPROVE; /* stricter at once, laxer only with a new key */
        is_changed = 1;
    }
    if (somebody_asks)
        root_admit_add(root, next, &root->change.admitted);
    return is_changed || root->change.admitted.count;
}

/* Many that ask at once are let in at once: while tokens are looked at the first ones wait. */
static int waits_for_more(struct root *root, int somebody_asks)
{
    struct root_change *change = &root->change;
    uint64_t now = clock_mono_ms();
    if (!somebody_asks || !root->is_reviewing) {
        change->gather_ms = 0;
        return 0;
    }
    if (!change->gather_ms)
        change->gather_ms = now + GATHER_MS;
    return now < change->gather_ms;
}

/* Non-zero when the VSecMKey is not there, or says in clear what is not so. */
static int is_wrong(const struct root *root)
{
    char text[AGE_KEY_RECIPIENT_TEXT];
    age_key_write_recipient(root_recipient(root), text);
    return !root->object.is_there || strcmp(text, root->object.recipient) != 0;
}

void root_put_changes(struct root *root)
{
    struct root_change *change = &root->change;
    int somebody_asks = root_admit_look(root);
    if (waits_for_more(root, somebody_asks) || !may_put(root) || put_lost(root))
        return;
    change->gather_ms = 0;
    int has_to = is_wrong(root);
    change->next = wrap_copy(root->held);
    if (!change->next)
        return;
    if (!change_all(root, change->next, somebody_asks) && !has_to) {
        forget(root);
        return;
    }
    change->creates = !root->object.is_there;
    change->next->generation++;
    put(root);
}
