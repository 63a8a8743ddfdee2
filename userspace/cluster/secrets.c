/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/secrets.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "cluster/pods.h"
#include "cluster/root.h"
#include "cluster/sealed_record.h"
#include "cluster/secrets_state.h"
#include "crypto/random.h"
#include "limits.h"
#include "store/change.h"
#include "store/key.h"
#include "store/store.h"

/* ---- asking -------------------------------------------------------------------------------- */

static void unlink_ask(struct ask *ask)
{
    struct ask **at = &ask->secrets->asks;
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
}

static void on_answer(void *context, const struct wire_message *answer)
{
    struct ask ended = *(struct ask *)context;
    if (answer->kind == WIRE_VERSION) { /* there is more to come */
        if (ended.secrets)
            ended.answer(ended.secrets, ended.who, answer);
        return;
    }
    if (ended.secrets)
        unlink_ask(context);
    free(context);
    if (ended.secrets)
        ended.answer(ended.secrets, ended.who, answer);
}

int secrets_state_ask(struct secrets *secrets, struct wire_message *message,
                      secrets_state_answer *answer, void *who)
{
    struct ask *ask = malloc(sizeof *ask);
    if (!ask)
        return -ENOMEM;
    *ask = (struct ask){secrets->asks, secrets, answer, who};
    int r = link_ask(secrets->options.link, message, on_answer, ask);
    if (r < 0) {
        free(ask);
        return r;
    }
    secrets->asks = ask;
    return 0;
}

void secrets_state_forget(const struct secrets *secrets, const void *who)
{
    for (struct ask *ask = secrets->asks; ask; ask = ask->next)
        if (ask->who == who)
            ask->who = NULL;
}

void secrets_state_name(struct wire_message *message, struct span key)
{
    struct key_parts parts = key_split(key);
    message->field[SECRET_NAMESPACE] = parts.namespace;
    message->field[SECRET_NAME] = parts.workload;
}

int secrets_state_open(const struct secrets *secrets, struct span sealed, struct record *ret)
{
    size_t count = 0;
    const struct age_identity *identities = root_identities(secrets->options.root, &count);
    return identities ? sealed_record_read(secrets->options.arena, sealed, identities, count, ret)
                      : -EAGAIN;
}

uint64_t secrets_state_number(struct span text)
{
    uint64_t ret;
    return str_u64(text, UINT64_MAX, &ret) == 0 ? ret : 0;
}

int secrets_state_need(const struct secrets *secrets, struct span key)
{
    const struct secrets_options *options = &secrets->options;
    return pods_need(options->pods, key) ||
           (options->also_need && options->also_need(options->context, key));
}

/* ---- what is not here any more ----------------------------------------------------------------
 */

/* A key whose version here is another object's than the one that may have its name by now. */
struct doomed {
    struct doomed *next;
    char key[LIMIT_KEY + 1];
};

static int delete_local(struct secrets *secrets, struct span key)
{
    uint64_t ticket;
    return change_delete(secrets->options.store, &key, 1, clock_wall_us(), &ticket);
}

/* What cannot be deleted by now, for another reason than below, is found by the next sweep. */
void secrets_state_forget_local(struct secrets *secrets, struct span key)
{
    struct doomed *doomed = secrets->doomed;
    if (delete_local(secrets, key) != -EAGAIN)
        return;
    while (doomed && !span_is(key, doomed->key))
        doomed = doomed->next;
    if (doomed || !(doomed = malloc(sizeof *doomed)))
        return;
    doomed->next = secrets->doomed;
    str_copy(doomed->key, sizeof doomed->key, key);
    secrets->doomed = doomed;
}

static void forget_doomed(struct secrets *secrets)
{
    for (struct doomed **at = &secrets->doomed, *doomed; (doomed = *at);) {
        struct span key = span_of(doomed->key);
        struct catalog_item *item = catalog_find(secrets->catalog, key);
        if (delete_local(secrets, key) == -EAGAIN) {
            at = &doomed->next;
            continue;
        }
        if (item)
            item->is_current = 0;
        if (item && secrets_state_need(secrets, key))
            secrets_fetch_want(secrets, item, 0);
        *at = doomed->next;
        free(doomed);
    }
}

void secrets_state_remove(struct secrets *secrets, struct catalog_item *item)
{
    secrets_fetch_unwant(secrets, item);
    secrets_state_forget(secrets, item);
    secrets->fetching -= item->is_asked;
    secrets->storing -= item->ticket != 0;
    secrets->to_tell -= item->tell_ms != 0;
    catalog_remove(secrets->catalog, item);
}

/* Nobody of this node may read ITEM, and that is for sure. Non-zero when it was so for long. */
static int is_forgotten(struct secrets *secrets, struct catalog_item *item)
{
    const struct secrets_options *options = &secrets->options;
    if (secrets_state_need(secrets, catalog_key(item))) {
        item->unneeded_ms = 0;
        return 0;
    }
    if (!link_is_up(options->link) || !pods_are_synced(options->pods))
        return 0;
    if (!item->unneeded_ms)
        item->unneeded_ms = clock_mono_ms();
    return clock_mono_ms() - item->unneeded_ms >= LIMIT_UNNEEDED_MS;
}

/* Delete here what the cluster has no more, and what nobody of this node may read any more. */
static void sweep(struct secrets *secrets)
{
    struct store_row *rows;
    size_t count;
    if (!secrets->is_synced || store_list(secrets->options.store, &rows, &count) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        struct catalog_item *item = catalog_find(secrets->catalog, rows[i].key);
        if (item && !is_forgotten(secrets, item))
            continue;
        char text[LIMIT_KEY];
        struct span key = {text, rows[i].key.length}; /* the row's goes with the key */
        memcpy(text, rows[i].key.data, key.length);
        if (item)
            item->is_current = 0;
        secrets_state_forget_local(secrets, key);
    }
    free(rows);
}

/* ---- what vsecm-sync tells --------------------------------------------------------------------
 */

/* An object was deleted and another made of its name, and nobody was told of the first. */
static void forget_other(struct secrets *secrets, const struct wire_message *seen)
{
    char text[LIMIT_KEY + 1];
    struct span key;
    if (catalog_read_key(seen, text, &key) < 0)
        return;
    struct catalog_item *item = catalog_find(secrets->catalog, key);
    if (!item || !item->uid[0] || catalog_is_of(item, seen->field[SECRET_UID]))
        return;
    secrets_state_remove(secrets, item);
    secrets_state_forget_local(secrets, key);
}

/*
 * Statuses come in flocks, one from each node that has a pod which reads the secret. That it still
 * says what is known here is looked at, but once for all of them: else each change would cost as
 * many reads of the object as the square of these nodes.
 */
static uint64_t fetch_delay_ms(enum catalog_change change)
{
    if (change == CATALOG_STATUS)
        return LIMIT_STATUS_MS / 2 + random_below(LIMIT_STATUS_MS / 2);
    return change == CATALOG_TOUCHED ? random_below(LIMIT_TOUCHED_MS) : 0;
}

static void on_seen(void *context, const struct wire_message *seen)
{
    struct secrets *secrets = context;
    struct catalog_item *item;
    enum catalog_change change;
    forget_other(secrets, seen);
    int r = catalog_see(secrets->catalog, seen, &item, &change);
    if (r < 0) {
        secrets->ignored++;
        secrets->is_lacking |= r != -EINVAL;
        return;
    }
    if (change == CATALOG_SAME)
        return;
    if (change != CATALOG_STATUS) {
        item->is_current = 0;
        item->failures = 0;
    }
    if (!secrets_state_need(secrets, catalog_key(item)))
        return;
    secrets_fetch_want(secrets, item, fetch_delay_ms(change));
    secrets_fetch_pump(secrets);
}

static void on_gone(void *context, const struct wire_message *gone)
{
    struct secrets *secrets = context;
    char text[LIMIT_KEY + 1];
    struct span key;
    if (catalog_read_key(gone, text, &key) < 0)
        return;
    struct catalog_item *item = catalog_find(secrets->catalog, key);
    if (!item || !catalog_is_of(item, gone->field[SECRET_UID]))
        return;
    secrets_state_remove(secrets, item);
    secrets_state_forget_local(secrets, key);
}

static void on_reset(void *context, const struct wire_message *reset)
{
    struct secrets *secrets = context;
    if (!span_is(reset->field[LIST_WHAT], "secrets"))
        return;
    secrets->is_whole = secrets->is_lacking = 0;
    catalog_begin_list(secrets->catalog);
}

static void on_lost(void *context, const struct wire_message *lost)
{
    struct secrets *secrets = context;
    (void)lost;
    secrets->is_whole = 0;
}

/* A walk does not bear removals. Without memory they are removed by the next list. */
static void remove_stale(struct secrets *secrets)
{
    size_t at = 0, count = 0;
    struct catalog_item **stale = calloc(catalog_count(secrets->catalog) + 1, sizeof *stale);
    if (!stale)
        return;
    for (struct catalog_item *item; (item = catalog_next(secrets->catalog, &at));)
        if (catalog_is_stale(secrets->catalog, item))
            stale[count++] = item;
    for (size_t i = 0; i < count; i++)
        secrets_state_remove(secrets, stale[i]);
    free(stale);
}

static void on_synced(void *context, const struct wire_message *synced)
{
    struct secrets *secrets = context;
    if (!span_is(synced->field[LIST_WHAT], "secrets"))
        return;
    remove_stale(secrets);
    secrets->is_synced = secrets->is_whole = 1;
    sweep(secrets);
}

static void on_leader(void *context, const struct wire_message *leader)
{
    struct secrets *secrets = context;
    secrets->is_leader = leader->kind == WIRE_LEADER && leader->field[LEADER_IS_US].length;
}

static void on_api(void *context, const struct wire_message *api)
{
    (void)api;
    secrets_fetch_pump(context);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void on_tick(struct loop_timer *timer)
{
    struct secrets *secrets = (struct secrets *)((char *)timer - offsetof(struct secrets, tick));
    loop_set_timer(secrets->options.loop, timer, LIMIT_TICK_MS);
    secrets_job_retry(secrets);
    secrets_fetch_pump(secrets);
    secrets_tell_due(secrets);
    secrets_reseal_pump(secrets);
    if (++secrets->ticks % LIMIT_SWEEP_TICKS == 0)
        sweep(secrets);
}

static void on_settled(void *context, uint64_t first, uint64_t last, int result)
{
    forget_doomed(context);
    secrets_fetch_settled(context, first, last, result);
    secrets_job_settled(context, first, last, result);
}

/* ---- looking again --------------------------------------------------------------------------- */

/* Non-zero when it is another root key than the last time. */
static int is_root_new(struct secrets *secrets)
{
    const struct age_recipient *now = root_recipient(secrets->options.root);
    int had = secrets->has_recipient;
    secrets->has_recipient = now != NULL;
    if (!now || (had && memcmp(now, &secrets->recipient, sizeof *now) == 0))
        return 0;
    secrets->recipient = *now;
    return 1;
}

static void look_at(struct secrets *secrets, struct catalog_item *item, int is_root_new)
{
    int is_needed = secrets_state_need(secrets, catalog_key(item));
    if (is_root_new && item->refusal) /* it may open now */
        item->is_current = 0;
    if (!is_needed)
        secrets_fetch_unwant(secrets, item);
    else if (!item->is_current && !item->is_asked)
        secrets_fetch_want(secrets, item, 0);
    if (is_needed)
        item->unneeded_ms = 0;
    if (item->told && secrets_tell_hash(secrets, item) != item->told)
        secrets_tell_later(secrets, item);
}

void secrets_look_again(struct secrets *secrets)
{
    int is_new = is_root_new(secrets);
    size_t at = 0;
    if (is_new)
        secrets_reseal_begin(secrets);
    for (struct catalog_item *item; (item = catalog_next(secrets->catalog, &at));)
        look_at(secrets, item, is_new);
    secrets_fetch_pump(secrets);
}

/* ---- the upstream ---------------------------------------------------------------------------- */

static int list(void *self, struct store_row **rows, size_t *count)
{
    struct secrets *secrets = self;
    secrets->why.text[0] = '\0';
    if (secrets->is_synced)
        return catalog_list(secrets->catalog, clock_wall_us(), rows, count);
    return error_set(&secrets->why, -EHOSTUNREACH,
                     "it is not known yet which secrets there are: %s",
                     link_why(secrets->options.link));
}

static uint64_t version(void *self, struct span key)
{
    const struct secrets *secrets = self;
    const struct catalog_item *item = catalog_find(secrets->catalog, key);
    const struct store_version *local = store_find(secrets->options.store, key);
    uint64_t claimed = !item ? 0 : item->version ? item->version : 1;
    return local && local->number > claimed ? local->number : claimed;
}

/* What was looked at and refused, or whose like is known not to be, is not. */
static int is_coming(void *self, struct span key)
{
    const struct secrets *secrets = self;
    const struct catalog_item *item = catalog_find(secrets->catalog, key);
    if (store_find(secrets->options.store, key))
        return 0;
    return item ? !item->is_current || item->ticket : !secrets->is_synced;
}

static const char *why(void *self)
{
    const struct secrets *secrets = self;
    return secrets->why.text;
}

const struct upstream *secrets_upstream(const struct secrets *secrets)
{
    return &secrets->upstream;
}

/* ---- status ---------------------------------------------------------------------------------- */

void secrets_write_status(struct writer *w, const struct secrets *secrets)
{
    size_t refused = 0, at = 0;
    for (struct catalog_item *item; (item = catalog_next(secrets->catalog, &at));)
        refused += item->refusal != NULL;
    writer_named_u64(w, ",\"objects\":{\"secrets\":", catalog_count(secrets->catalog));
    writer_named_u64(w, ",\"local\":", store_count(secrets->options.store));
    writer_named_u64(w, ",\"pending\":", secrets->waiting + secrets->fetching);
    writer_named_u64(w, ",\"refused\":", refused);
    writer_named_u64(w, ",\"ignored\":", secrets->ignored);
    writer_text(w, secrets->is_synced ? ",\"synced\":true" : ",\"synced\":false");
    writer_named_u64(w, ",\"stale_s\":", link_unreached_s(secrets->options.link));
    writer_literal(w, "}");
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static int observe(struct secrets *secrets)
{
    static const struct {
        enum wire_kind kind;
        link_observer *observer;
    } rows[] = {{WIRE_SEEN, on_seen},     {WIRE_GONE, on_gone},     {WIRE_RESET, on_reset},
                {WIRE_SYNCED, on_synced}, {WIRE_LEADER, on_leader}, {WIRE_NONE, on_leader},
                {WIRE_API, on_api},       {WIRE_NONE, on_lost}};
    int r = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && r == 0; i++)
        r = link_observe(secrets->options.link, rows[i].kind, rows[i].observer, secrets);
    return r;
}

int secrets_new(const struct secrets_options *options, struct secrets **ret)
{
    struct secrets *secrets = calloc(1, sizeof *secrets);
    if (!secrets)
        return -ENOMEM;
    secrets->options = *options;
    secrets->upstream = (struct upstream){.self = secrets,
                                          .is_cluster = 1,
                                          .put = secrets_put,
                                          .delete = secrets_delete,
                                          .list = list,
                                          .version = version,
                                          .is_coming = is_coming,
                                          .history = secrets_history,
                                          .roll_back = secrets_history_roll_back,
                                          .why = why};
    secrets->tick.fire = on_tick;
    secrets->catalog = catalog_new(options->max);
    int r = secrets->catalog ? observe(secrets) : -ENOMEM;
    if (r < 0) {
        catalog_free(secrets->catalog);
        free(secrets);
        return r;
    }
    if (is_root_new(secrets))
        secrets_reseal_begin(secrets);
    store_set_also_settled(options->store, on_settled, secrets);
    loop_set_timer(options->loop, &secrets->tick, LIMIT_TICK_MS);
    *ret = secrets;
    return 0;
}

void secrets_free(struct secrets *secrets)
{
    if (!secrets)
        return;
    loop_cancel_timer(secrets->options.loop, &secrets->tick);
    store_set_also_settled(secrets->options.store, NULL, NULL);
    secrets_reseal_free(secrets);
    for (struct ask *ask = secrets->asks; ask; ask = ask->next)
        ask->secrets = NULL;
    secrets_job_free_all(secrets);
    for (struct doomed *next; secrets->doomed; secrets->doomed = next) {
        next = secrets->doomed->next;
        free(secrets->doomed);
    }
    catalog_free(secrets->catalog);
    free(secrets);
}
