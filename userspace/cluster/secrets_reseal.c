/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After the root key was changed: what is sealed to an old one is sealed anew, one object after the
 * other, by the node that leads. Versions and values stay what they are; older versions, which the
 * old key opens, go. A node that has not heard of the new key yet may still write with the old one:
 * so there is a second round, some time later, before the old key is given up.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "cluster/link.h"
#include "cluster/root.h"
#include "cluster/sealed_record.h"
#include "cluster/secrets_message.h"
#include "cluster/secrets_state.h"
#include "limits.h"
#include "store/record.h"

/* An object on its way through; another may have taken its name when the answer comes. */
struct reseal {
    struct reseal *next;
    struct secrets *secrets;
    char key[LIMIT_KEY + 1];
};

static void forget(struct reseal *reseal)
{
    struct reseal **at = &reseal->secrets->reseal.first;
    while (*at != reseal)
        at = &(*at)->next;
    *at = reseal->next;
    reseal->secrets->reseal.under_way--;
    free(reseal);
}

static void end(struct reseal *reseal, int is_done)
{
    struct secrets *secrets = reseal->secrets;
    struct catalog_item *item = catalog_find(secrets->catalog, span_of(reseal->key));
    if (item) {
        item->is_resealing = 0;
        if (is_done)
            item->resealed = secrets->reseal.round;
    }
    forget(reseal);
    if (is_done)
        secrets_reseal_pump(secrets);
}

/* ---- one object --------------------------------------------------------------------------------
 */

static void on_put(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    (void)secrets;
    /* What was changed meanwhile is looked at again, at the next tick. */
    end(who, span_is(answer->field[RESULT_CODE], "ok"));
}

/* 0: its answer will come. */
static int put_anew(struct reseal *reseal, const struct record *record,
                    struct span resource_version)
{
    struct secrets *secrets = reseal->secrets;
    const struct age_recipient *to = root_seals_to(secrets->options.root);
    char *sealed = NULL;
    size_t length = 0;
    int r =
        to ? sealed_record_write(secrets->options.arena, record, to, &sealed, &length) : -ENOKEY;
    if (r == 0 && length > LIMIT_WIRE_SEALED)
        r = -EFBIG;
    if (r == 0) {
        struct secrets_message put;
        secrets_message_put(&put, record, resource_version, 0, (struct span){sealed, length});
        r = secrets_state_ask(secrets, &put.message, on_put, reseal);
    }
    free(sealed);
    return r;
}

/* Non-zero: it is sealed to the newest key, or no key of ours opens it; 0: it is on its way. */
static int look_into(struct reseal *reseal, const struct wire_message *secret)
{
    struct secrets *secrets = reseal->secrets;
    struct arena *arena = secrets->options.arena;
    struct span sealed = secret->field[WHOLE_SEALED];
    struct record record;
    size_t count = 0;
    const struct age_identity *identities = root_identities(secrets->options.root, &count);
    if (!identities)
        return -EAGAIN;
    int r = sealed_record_read(arena, sealed, identities, 1, &record);
    if (r == 0)
        record_done(arena, &record);
    if (r != -ENOKEY)
        return r == -ENOSPC ? r : 1;
    r = sealed_record_read(arena, sealed, identities, count, &record);
    if (r < 0)
        return r == -ENOSPC ? r : 1;
    r = span_equal(record.key, span_of(reseal->key))
            ? put_anew(reseal, &record, secret->field[SECRET_RESOURCE_VERSION])
            : 1; /* moved: it is refused everywhere */
    record_done(arena, &record);
    return r;
}

static void on_object(struct secrets *secrets, void *who, const struct wire_message *answer)
{
    (void)secrets;
    int r = 0;
    if (answer->kind == WIRE_SECRET)
        r = look_into(who, answer);
    else
        r = span_is(answer->field[RESULT_CODE], "missing") ? 1 : -EAGAIN;
    if (r != 0)
        end(who, r > 0);
}

static int begin(struct secrets *secrets, struct catalog_item *item)
{
    struct wire_message get = {.kind = WIRE_GET};
    struct reseal *reseal = malloc(sizeof *reseal);
    if (!reseal)
        return -ENOMEM;
    reseal->secrets = secrets;
    str_copy(reseal->key, sizeof reseal->key, catalog_key(item));
    secrets_state_name(&get, span_of(reseal->key));
    int r = secrets_state_ask(secrets, &get, on_object, reseal);
    if (r < 0) {
        free(reseal);
        return r;
    }
    reseal->next = secrets->reseal.first;
    secrets->reseal.first = reseal;
    secrets->reseal.under_way++;
    item->is_resealing = 1;
    return 0;
}

/* ---- all of them -------------------------------------------------------------------------------
 */

void secrets_reseal_begin(struct secrets *secrets)
{
    secrets->reseal.round++;
    secrets->reseal.since_ms = clock_mono_ms();
    secrets->reseal.is_second = 0;
}

static int is_due(const struct secrets *secrets)
{
    size_t count = 0;
    return secrets->is_leader && secrets->is_synced && link_is_up(secrets->options.link) &&
           root_identities(secrets->options.root, &count) && count > 1;
}

/* Everything was looked at in this round. */
static void end_round(struct secrets *secrets)
{
    if (clock_mono_ms() - secrets->reseal.since_ms < secrets->options.rekey_ms)
        return;
    if (!secrets->is_whole || secrets->is_lacking)
        return; /* what is not known may be sealed to the old key */
    if (secrets->reseal.is_second) {
        secrets->options.resealed(secrets->options.context);
        return;
    }
    secrets->reseal.round++;
    secrets->reseal.is_second = 1;
    secrets_reseal_pump(secrets);
}

void secrets_reseal_pump(struct secrets *secrets)
{
    size_t at = 0;
    int is_whole = 1;
    if (!secrets->options.resealed || !is_due(secrets))
        return;
    for (struct catalog_item *item; (item = catalog_next(secrets->catalog, &at));) {
        if (item->resealed == secrets->reseal.round)
            continue;
        is_whole = 0;
        if (secrets->reseal.under_way >= LIMIT_RESEALS)
            return;
        if (!item->is_resealing && begin(secrets, item) < 0)
            return;
    }
    if (is_whole)
        end_round(secrets);
}

void secrets_reseal_free(struct secrets *secrets)
{
    while (secrets->reseal.first)
        forget(secrets->reseal.first);
}
