/* SPDX-License-Identifier: BSD-2-Clause */
/* What this node says of a secret in its object, for people: its status, and events. */
#include <stdio.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "cluster/pods.h"
#include "cluster/secrets_state.h"
#include "crypto/random.h"
#include "store/store.h"

/* ---- refusals -------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    const char *text;
} refusals[] = {
    {"moved", "moved: what is sealed in it belongs to another namespace or name"},
    {"rollback", "rollback: it is older than the version that was known before; "
                 "spec.allowRollback: true lets it in"},
    {"conflict", "conflict: another value with the same version was known before"},
    {"sealed-to-others", "sealed-to-others: it is not sealed to the root key of this cluster"},
    {"damaged", "damaged: spec.sealed is no sealed version of a secret, or was changed"},
};

static const char *text_of(const char *word)
{
    for (size_t i = 0; word && i < sizeof refusals / sizeof *refusals; i++)
        if (span_is(span_of(word), refusals[i].word))
            return refusals[i].text;
    return "";
}

static void send_event(struct secrets *secrets, const struct catalog_item *item)
{
    struct wire_message event = {.kind = WIRE_EVENT};
    secrets_state_name(&event, catalog_key(item));
    event.field[EVENT_UID] = span_of(item->uid);
    event.field[EVENT_TYPE] = SPAN_LITERAL("Warning");
    event.field[EVENT_REASON] = SPAN_LITERAL("Refused");
    event.field[EVENT_MESSAGE] = span_of(text_of(item->refusal));
    link_tell(secrets->options.link, &event);
}

void secrets_tell_refusal(struct secrets *secrets, struct catalog_item *item)
{
    int is_known = item->reported == item->refusal && item->reported_generation == item->generation;
    item->reported = item->refusal;
    item->reported_generation = item->generation;
    if (is_known)
        return;
    if (secrets->options.refused)
        secrets->options.refused(secrets->options.context, catalog_key(item), item->refusal);
    send_event(secrets, item);
}

/* ---- the status ------------------------------------------------------------------------------ */

/* No secret: names and times. */
struct status {
    char readers[LIMIT_WIRE_LIST];
    char version[24];
    char updated[CLOCK_RFC3339];
    struct wire_message message;
};

static struct status scratch; /* 64 KiB */

/* Of readers, as many as there is room for, whole lines. */
static struct span read_readers(struct secrets *secrets, const struct catalog_item *item, char *ret)
{
    struct writer w = writer_on(ret, LIMIT_WIRE_LIST);
    pods_write_readers(&w, secrets->options.pods, catalog_key(item));
    while (w.used && !writer_ok(&w) && ret[w.used - 1] != '\n')
        w.used--;
    return (struct span){ret, w.used};
}

static void make_status(struct secrets *secrets, const struct catalog_item *item,
                        struct status *ret)
{
    const struct store_version *local = store_find(secrets->options.store, catalog_key(item));
    uint64_t version = local ? local->number : 0;
    /* What was refused leaves the version that was the newest before: it is what holds it off. */
    if (item->refusal && item->status_version > version)
        version = item->status_version;
    ret->message = (struct wire_message){.kind = WIRE_STATUS};
    secrets_state_name(&ret->message, catalog_key(item));
    ret->version[0] = ret->updated[0] = '\0';
    if (version)
        snprintf(ret->version, sizeof ret->version, "%llu", (unsigned long long)version);
    if (local && local->number == version)
        clock_format_seconds(local->updated_us, ret->updated);
    ret->message.field[STATUS_VERSION] = span_of(ret->version);
    ret->message.field[STATUS_UPDATED] = span_of(ret->updated);
    ret->message.field[STATUS_READERS] = read_readers(secrets, item, ret->readers);
    ret->message.field[STATUS_ERROR] = span_of(text_of(item->refusal));
}

static uint64_t hash_of(const struct status *status)
{
    uint64_t parts[4];
    for (size_t i = 0; i < 4; i++) {
        struct span field = status->message.field[STATUS_VERSION + i];
        parts[i] = hash_bytes(field.data, field.length);
    }
    return hash_bytes(parts, sizeof parts);
}

uint64_t secrets_tell_hash(struct secrets *secrets, const struct catalog_item *item)
{
    make_status(secrets, item, &scratch);
    return hash_of(&scratch);
}

void secrets_tell_later(struct secrets *secrets, struct catalog_item *item)
{
    if (item->tell_ms)
        return;
    item->tell_ms = clock_mono_ms() + 1 + random_below(LIMIT_TELL_MS);
    secrets->to_tell++;
}

static void tell(struct secrets *secrets, struct catalog_item *item)
{
    char generation[24] = "";
    make_status(secrets, item, &scratch);
    if (item->generation)
        snprintf(generation, sizeof generation, "%llu", (unsigned long long)item->generation);
    scratch.message.field[STATUS_GENERATION] = span_of(generation);
    if (link_tell(secrets->options.link, &scratch.message) < 0)
        return; /* it stays due */
    item->told = hash_of(&scratch);
    item->tell_ms = 0;
    secrets->to_tell--;
}

void secrets_tell_due(struct secrets *secrets)
{
    uint64_t now_ms = clock_mono_ms();
    size_t at = 0;
    if (!secrets->to_tell || !link_is_up(secrets->options.link))
        return;
    for (struct catalog_item *item; (item = catalog_next(secrets->catalog, &at));)
        if (item->tell_ms && item->tell_ms <= now_ms && !item->ticket)
            tell(secrets, item);
}
