/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/root_take.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"
#include "cluster/root_copy.h"
#include "cluster/root_state.h"
#include "crypto/arena.h"
#include "store/rootkey.h"
#include "wire/wire.h"

/* ---- in force ---------------------------------------------------------------------------------
 */

static int is_same_key(const struct wrap *a, const struct wrap *b)
{
    const struct wrap_secret *one = a ? a->secret : NULL, *two = b ? b->secret : NULL;
    if (!one || !two)
        return one == two;
    return one->identities == two->identities &&
           memcmp(one->identity, two->identity, one->identities * sizeof one->identity[0]) == 0;
}

/* NEXT may be NULL: nothing is known any more. */
static void set_held(struct root *root, struct wrap *next, char *sealed, size_t length)
{
    struct wrap *was = root->held;
    int is_same = is_same_key(was, next);
    root->held = next;
    free(root->held_text);
    root->held_text = sealed;
    root->held_length = length;
    wrap_free(was);
    if (is_same)
        return;
    root->wish.settles = 0; /* what is sealed to the newest key then may not be so to this one */
    root->options.changed(root->options.context);
}

void root_take_accept(struct root *root, struct wrap *next, char *sealed, size_t length)
{
    root->object.refused = NULL;
    root->is_out = 0;
    root->trouble[0] = '\0';
    if (root->options.mode != ROOT_MANUAL)
        root->has_copy =
            root_copy_write(root->options.dir, ROOT_COPY, (struct span){sealed, length}) == 0;
    set_held(root, next, sealed, length);
    root_wake(root, 0);
}

static void refuse(struct root *root, const char *why)
{
    root->object.refused = why;
    root_note(root, "root-refuse", "", "deny", why);
}

/* Of a key that an administrator brought, and that the cluster does not know. */
static int is_unconfirmed(const struct root *root)
{
    return root->held && root->held->generation == 0;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

/* With the node's own identity and every root key that is known. */
static int open_sealed(struct root *root, struct span sealed, struct wrap **ret,
                       struct error *error)
{
    struct arena *arena = root->options.arena;
    const struct wrap_secret *known = root->held ? root->held->secret : NULL;
    size_t count = 1;
    struct age_identity *keys = arena_alloc(arena, (1 + ROOTKEY_MAX) * sizeof *keys);
    if (!keys)
        return error_set(error, -ENOSPC, "there is no secret memory left");
    keys[0] = *rootkey_identities(root->own);
    for (size_t i = 0; known && i < known->identities; i++)
        keys[count++] = known->identity[i];
    int r = wrap_open(arena, keys, count, sealed, ret, error);
    arena_free(arena, keys);
    return r;
}

/* What could not be opened, or is none. */
static void judge_closed(struct root *root, int r, const struct error *error)
{
    const char *why = r == -ENOKEY ? "not-for-us" : "damaged";
    if (r == -ENOSPC || r == -ENOMEM) {
        root->object.is_unjudged = 1;
        str_copy(root->trouble, sizeof root->trouble, SPAN_LITERAL("there is no memory left"));
        return;
    }
    if (is_unconfirmed(root)) {
        refuse(root, "other-key");
        set_held(root, NULL, NULL, 0);
        root->object.refused = NULL; /* of one that is not known nothing can be said */
    } else if (root->held) {
        root->is_out = r == -ENOKEY;
        refuse(root, why);
    } else if (r != -ENOKEY) {
        str_copy(root->trouble, sizeof root->trouble,
                 (struct span){error->text, strnlen(error->text, ROOT_TROUBLE - 1)});
    }
}

static void judge_open(struct root *root, struct wrap *next)
{
    const struct root_object *object = &root->object;
    const char *why = NULL;
    if (root->held && !wrap_follows(root->held, next))
        why = is_unconfirmed(root) ? "other-key" : "forged";
    else if (root->held && next->generation <= root->held->generation)
        why = "rollback";
    char *sealed = why && !is_unconfirmed(root) ? NULL : malloc(object->length + 1);
    if (why)
        refuse(root, why);
    if (!sealed) {
        wrap_free(next);
        return;
    }
    memcpy(sealed, object->sealed, object->length);
    root_take_accept(root, next, sealed, object->length);
}

/* What stands in clear is for those who are not in: it must not lead them to somebody else. */
static void check_clear(struct root *root)
{
    char text[AGE_KEY_RECIPIENT_TEXT];
    if (!root->held || root->object.refused)
        return;
    age_key_write_recipient(root_recipient(root), text);
    if (strcmp(text, root->object.recipient) != 0)
        root_note(root, "root-refuse", "", "deny", "other-recipient");
}

static int is_held(const struct root *root)
{
    const struct root_object *object = &root->object;
    return root->held_text && root->held_length == object->length &&
           memcmp(root->held_text, object->sealed, object->length) == 0;
}

void root_take_judge(struct root *root)
{
    struct error error = {""};
    struct wrap *next = NULL;
    root->object.refused = NULL;
    root->object.is_unjudged = 0;
    if (is_held(root)) {
        root->is_out = 0; /* it was put back */
        return;
    }
    int r =
        open_sealed(root, (struct span){root->object.sealed, root->object.length}, &next, &error);
    if (r < 0)
        judge_closed(root, r, &error);
    else
        judge_open(root, next);
}

/* ---- what comes -------------------------------------------------------------------------------
 */

static int is_known(const struct root_object *object, const struct wire_message *message)
{
    return object->is_there && span_is(message->field[KEY_RESOURCE_VERSION], object->version) &&
           span_equal(message->field[KEY_SEALED], (struct span){object->sealed, object->length});
}

void root_take_object(struct root *root, const struct wire_message *message)
{
    struct root_object *object = &root->object;
    struct span sealed = message->field[KEY_SEALED];
    object->is_listed = 1;
    if (is_known(object, message))
        return;
    char *copy = malloc(sealed.length + 1);
    if (!copy)
        return;
    memcpy(copy, sealed.data, sealed.length);
    free(object->sealed);
    object->sealed = copy;
    object->length = sealed.length;
    object->is_there = 1;
    str_copy(object->version, sizeof object->version, message->field[KEY_RESOURCE_VERSION]);
    str_copy(object->recipient, sizeof object->recipient, message->field[KEY_RECIPIENT]);
    root_take_judge(root);
    check_clear(root);
    root_wake(root, 0);
}

void root_take_gone(struct root *root)
{
    root->object.is_there = 0;
    root->object.version[0] = root->object.recipient[0] = '\0';
    root->object.refused = NULL;
    root_wake(root, 0);
}

void root_take_reset(struct root *root)
{
    root->object.is_listed = 0;
}

void root_take_synced(struct root *root)
{
    root->object.is_synced = 1;
    if (root->object.is_there && !root->object.is_listed)
        root_take_gone(root);
    root_wake(root, 0);
}

void root_take_lost(struct root *root)
{
    root->object.is_synced = 0;
}

void root_take_copy(struct root *root)
{
    struct error error;
    char *text = NULL;
    size_t length = 0;
    struct wrap *held = NULL;
    if (root_copy_read(root->options.dir, ROOT_COPY, &text, &length) == 0 &&
        open_sealed(root, (struct span){text, length}, &held, &error) == 0) {
        root->held = held;
        root->held_text = text;
        root->held_length = length;
        root->has_copy = 1;
        text = NULL;
    }
    free(text); /* of another identity, or damaged: it is asked for again */
}
