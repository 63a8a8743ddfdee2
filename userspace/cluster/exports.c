/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/exports.h"

#include <errno.h>
#include <stdlib.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/loop.h"
#include "base/str.h"
#include "base/writer.h"
#include "cluster/export_book.h"
#include "cluster/export_trouble.h"
#include "cluster/link.h"
#include "cluster/mapping.h"
#include "crypto/secret.h"
#include "limits.h"
#include "store/key.h"
#include "store/record.h"
#include "store/store.h"
#include "wire/wire.h"

#define SWEEP_MS 500u /* how late something may be that happens by its time */

struct exports {
    struct exports_options options;
    struct export_book *book;
    struct loop_timer kick, sweep;
    unsigned under_way;
    int is_leader;
    int is_synced; /* what has no object now was deleted */
};

/* ---- what is to be looked at -------------------------------------------------------------------
 */

static void push(struct exports *exports, struct export_row *row)
{
    if (!row || !exports->is_leader)
        return;
    if (row->is_asked) {
        row->is_again = 1;
        return;
    }
    export_book_push(exports->book, row);
    loop_set_timer(exports->options.loop, &exports->kick, 0);
}

static void push_all(struct exports *exports)
{
    struct export_row *row;
    for (size_t at = 0; (row = export_book_next(exports->book, &at));)
        push(exports, row);
}

/* What the store has, whether or not an object was seen. */
static void push_stored(struct exports *exports)
{
    struct store_row *rows;
    size_t count;
    if (store_list(exports->options.store, &rows, &count) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (key_is_export(rows[i].key))
            push(exports, export_book_row(exports->book, rows[i].key));
    free(rows);
}

static void try_later(struct export_row *row)
{
    static const struct backoff backoff = {.delay_ms = LIMIT_EXPORT_RETRY_MS,
                                           .max_wait_ms = LIMIT_EXPORT_RETRY_MAX_MS,
                                           .is_exponential = true};
    row->retry_ms = clock_mono_ms() + backoff_wait_ms(&backoff, row->failures++, 0);
}

/* ---- what went wrong ---------------------------------------------------------------------------
 */

static void tell_event(struct exports *exports, const struct export_row *row, const char *reason,
                       const char *message)
{
    struct key_parts key = key_split(export_book_key(row));
    struct wire_message event = {.kind = WIRE_EVENT};
    if (!row->uid[0])
        return;
    event.field[EVENT_NAMESPACE] = key.namespace;
    event.field[EVENT_NAME] = key.workload;
    event.field[EVENT_UID] = span_of(row->uid);
    event.field[EVENT_TYPE] = SPAN_LITERAL("Warning");
    event.field[EVENT_REASON] = span_of(reason);
    event.field[EVENT_MESSAGE] = span_of(message);
    link_tell(exports->options.link, &event);
}

static int record(struct exports *exports, const struct export_row *row, const char *operation,
                  const char *outcome, const char *reason)
{
    return exports->options.record(exports->options.context, operation, export_book_key(row),
                                   outcome, reason);
}

/* Told once, however often it is tried. */
static void fail(struct exports *exports, struct export_row *row,
                 const struct export_trouble *trouble)
{
    if (row->why != trouble->why) {
        row->why = trouble->why;
        record(exports, row, row->is_removal ? "export-delete" : "export", "error", trouble->code);
        if (trouble->is_told)
            tell_event(exports, row, "ExportFailed", trouble->why);
    }
    if (!trouble->is_final)
        try_later(row);
}

/* ---- asking ------------------------------------------------------------------------------------
 */

static void succeed(struct export_row *row)
{
    row->why = NULL;
    row->failures = 0;
    if (!row->is_removal || row->is_there)
        return;
    row->is_removed = 1;
    row->retry_ms = clock_mono_ms() + LIMIT_EXPORT_FORGET_MS;
}

/* What is not ours is not there, for whoever wants it deleted. */
static int is_done(const struct export_row *row, struct span code)
{
    return span_is(code, "ok") ||
           (row->is_removal && (span_is(code, "missing") || span_is(code, "foreign")));
}

static void on_answer(void *context, const struct wire_message *message)
{
    struct export_row *row = context;
    struct exports *exports = row->context;
    struct span code =
        message->kind == WIRE_RESULT ? message->field[RESULT_CODE] : (struct span){"", 0};
    row->is_asked = 0;
    exports->under_way--;
    int is_again = row->is_again;
    if (is_done(row, code))
        succeed(row);
    else if (exports->is_leader)
        fail(exports, row, export_trouble_of(code));
    if (is_again) {
        row->is_again = 0;
        push(exports, row);
    }
    loop_set_timer(exports->options.loop, &exports->kick, 0);
}

static int ask(struct exports *exports, struct export_row *row, struct wire_message *message)
{
    struct span key = export_book_key(row);
    message->field[EXPORT_NAMESPACE] = key_split(key).namespace;
    message->field[EXPORT_NAME] = key_export_name(key);
    row->is_removal = message->kind == WIRE_EXPORT_DELETE;
    if (record(exports, row, row->is_removal ? "export-delete" : "export", "allow", "ok") < 0)
        return -EIO;
    int r = link_ask(exports->options.link, message, on_answer, row);
    if (r < 0)
        return r;
    row->is_asked = 1;
    row->written_ms = clock_mono_ms();
    exports->under_way++;
    return 0;
}

static int ask_removal(struct exports *exports, struct export_row *row)
{
    struct wire_message message = {.kind = WIRE_EXPORT_DELETE};
    return ask(exports, row, &message);
}

static int ask_export(struct exports *exports, struct export_row *row, const struct record *record)
{
    struct wire_message message = {.kind = WIRE_EXPORT};
    struct secret *data;
    struct error why;
    row->is_removal = 0;
    int r = mapping_make(exports->options.arena, record->value, record->template, &data, &why);
    if (r < 0)
        return r;
    message.field[EXPORT_ADOPT] = span_of(record->adopts ? "1" : "");
    message.field[EXPORT_DATA] = (struct span){data->data, data->length};
    r = ask(exports, row, &message);
    if (r == 0)
        row->written = record->version;
    secret_unref(data);
    return r;
}

/* ---- deciding ----------------------------------------------------------------------------------
 */

/*
 * The newest version may still be on its way here, and an older one must not be written over it.
 * What the object claims is not proven, so that it only makes us wait for a while.
 */
static int must_wait_for_newer(struct export_row *row, uint64_t version)
{
    uint64_t now_ms = clock_mono_ms();
    if (version >= row->version) {
        row->behind_ms = 0;
        return 0;
    }
    if (!row->behind_ms)
        row->behind_ms = now_ms;
    row->retry_ms = row->behind_ms + LIMIT_EXPORT_BEHIND_MS;
    return now_ms < row->retry_ms;
}

static int look_at_record(struct exports *exports, struct export_row *row,
                          const struct record *record, int64_t now_us)
{
    if (must_wait_for_newer(row, record->version))
        return 0;
    row->retry_ms = 0;
    if (record->validity.not_before_us > now_us) {
        row->wake_us = record->validity.not_before_us;
        return 0;
    }
    if (record->validity.expires_us != VALIDITY_NEVER)
        row->wake_us = record->validity.expires_us;
    return ask_export(exports, row, record);
}

/*
 * There is no object. The store may have what is about to be one, or was one and will be forgotten:
 * that is only written when it is seen, and only deleted when it is gone.
 */
static int look_at_absent(struct exports *exports, struct export_row *row)
{
    int is_nowhere =
        exports->is_synced && !store_find(exports->options.store, export_book_key(row));
    return row->is_gone || is_nowhere ? ask_removal(exports, row) : 0;
}

static int look(struct exports *exports, struct export_row *row)
{
    struct record record;
    int64_t now_us = clock_wall_us();
    row->wake_us = 0;
    if (row->is_removed)
        return 0;
    row->retry_ms = 0;
    if (!row->is_there)
        return look_at_absent(exports, row);
    int r = store_read(exports->options.store, export_book_key(row), 0, now_us, &record);
    if (r == -ESTALE)
        return ask_removal(exports, row);
    if (r < 0)
        return r == -ENOENT ? 0 : r; /* it is being fetched */
    r = look_at_record(exports, row, &record, now_us);
    record_done(exports->options.arena, &record);
    return r;
}

static void on_kick(struct loop_timer *timer)
{
    struct exports *exports = (struct exports *)((char *)timer - offsetof(struct exports, kick));
    struct export_row *row;
    while (exports->under_way < LIMIT_EXPORTS_ASKED && (row = export_book_pop(exports->book))) {
        int r = look(exports, row);
        if (r == -EBUSY || r == -ENOBUFS) /* much else is under way */
            try_later(row);
        else if (r < 0)
            fail(exports, row, export_trouble_here(r));
    }
}

static void on_sweep(struct loop_timer *timer)
{
    struct exports *exports = (struct exports *)((char *)timer - offsetof(struct exports, sweep));
    uint64_t now_ms = clock_mono_ms();
    int64_t now_us = clock_wall_us();
    struct export_row *row;
    for (size_t at = 0; exports->is_leader && (row = export_book_next(exports->book, &at));)
        if ((row->retry_ms && row->retry_ms <= now_ms) || (row->wake_us && row->wake_us <= now_us))
            if (!row->is_removed)
                push(exports, row);
    export_book_forget(exports->book, exports->is_leader, now_ms);
    loop_set_timer(exports->options.loop, &exports->sweep, SWEEP_MS);
}

/* ---- what vsecm-sync says ----------------------------------------------------------------------
 */

static void set_leader(struct exports *exports, int is_leader)
{
    struct export_row *row;
    if (is_leader == exports->is_leader)
        return;
    exports->is_leader = is_leader;
    while (export_book_pop(exports->book))
        ;
    for (size_t at = 0; (row = export_book_next(exports->book, &at));) {
        row->why = NULL;
        row->retry_ms = !is_leader && row->is_gone ? clock_mono_ms() + LIMIT_EXPORT_FORGET_MS : 0;
        row->behind_ms = row->written = 0;
        row->wake_us = 0;
        row->failures = 0;
        row->is_again = row->is_removed = 0;
    }
    if (is_leader)
        push_stored(exports);
    push_all(exports);
    if (exports->options.needs_changed)
        exports->options.needs_changed(exports->options.context);
}

static void on_leader(void *context, const struct wire_message *message)
{
    set_leader(context, message->field[LEADER_IS_US].length != 0);
}

static void on_lost(void *context, const struct wire_message *message)
{
    struct exports *exports = context;
    (void)message;
    exports->is_synced = 0;
    set_leader(exports, 0);
}

static void on_api(void *context, const struct wire_message *message)
{
    struct exports *exports = context;
    struct export_row *row;
    if (!message->field[API_IS_UP].length)
        return;
    for (size_t at = 0; (row = export_book_next(exports->book, &at));)
        if (row->failures && row->retry_ms)
            push(exports, row);
}

static void on_seen(void *context, const struct wire_message *message)
{
    struct exports *exports = context;
    uint64_t version;
    if (!export_book_is_object(message->field[SECRET_NAME]))
        return;
    struct export_row *row = export_book_object(exports->book, message->field[SECRET_NAMESPACE],
                                                message->field[SECRET_NAME]);
    if (!row)
        return;
    if (str_u64(message->field[SEEN_VERSION], UINT64_MAX, &version) < 0)
        version = 0;
    int is_known = row->is_there && version == row->version;
    int is_written = version && version == row->written;
    row->is_there = row->is_listed = 1;
    row->is_gone = row->is_removed = 0;
    if (version != row->version)
        row->behind_ms = 0;
    row->version = version;
    str_copy(row->uid, sizeof row->uid, message->field[SECRET_UID]);
    if (!is_known && !is_written)
        push(exports, row);
}

static void lose_object(struct exports *exports, struct export_row *row)
{
    row->is_there = 0;
    row->is_gone = 1;
    row->is_removed = 0;
    row->version = row->written = row->behind_ms = 0;
    row->retry_ms = clock_mono_ms() + LIMIT_EXPORT_FORGET_MS;
    row->uid[0] = '\0';
    push(exports, row);
}

static void on_gone(void *context, const struct wire_message *message)
{
    struct exports *exports = context;
    struct span uid = message->field[SECRET_UID];
    if (!export_book_is_object(message->field[SECRET_NAME]))
        return;
    struct export_row *row = export_book_object(exports->book, message->field[SECRET_NAMESPACE],
                                                message->field[SECRET_NAME]);
    if (row && (!row->uid[0] || !uid.length || span_is(uid, row->uid)))
        lose_object(exports, row);
}

static void on_reset(void *context, const struct wire_message *message)
{
    struct exports *exports = context;
    struct export_row *row;
    if (!span_is(message->field[LIST_WHAT], "secrets"))
        return;
    exports->is_synced = 0;
    for (size_t at = 0; (row = export_book_next(exports->book, &at));)
        row->is_listed = 0;
}

static void on_synced(void *context, const struct wire_message *message)
{
    struct exports *exports = context;
    struct export_row *row;
    if (!span_is(message->field[LIST_WHAT], "secrets"))
        return;
    exports->is_synced = 1;
    for (size_t at = 0; (row = export_book_next(exports->book, &at));)
        if (row->is_there && !row->is_listed)
            lose_object(exports, row);
        else if (!row->is_there)
            push(exports, row);
}

/* Whoever fights with us over it, the API server is not to suffer. */
static void on_drift(void *context, const struct wire_message *message)
{
    struct exports *exports = context;
    if (!exports->is_leader)
        return;
    struct export_row *row = export_book_secret(exports->book, message->field[EXPORT_NAMESPACE],
                                                message->field[EXPORT_NAME]);
    if (!row)
        return;
    record(exports, row, "export", "error", "drift");
    row->is_removed = 0;
    tell_event(exports, row, "ExportDrift",
               "the Secret was changed or deleted by somebody else; it is written again");
    uint64_t earliest_ms = row->written_ms + LIMIT_EXPORT_DRIFT_MS;
    if (row->written_ms && clock_mono_ms() < earliest_ms)
        row->retry_ms = earliest_ms;
    else
        push(exports, row);
}

/* ---- the whole ---------------------------------------------------------------------------------
 */

static int observe(struct exports *exports)
{
    static const struct {
        enum wire_kind kind;
        link_observer *observer;
    } rows[] = {
        {WIRE_NONE, on_lost},     {WIRE_LEADER, on_leader}, {WIRE_API, on_api},
        {WIRE_SEEN, on_seen},     {WIRE_GONE, on_gone},     {WIRE_RESET, on_reset},
        {WIRE_SYNCED, on_synced}, {WIRE_DRIFT, on_drift},
    };
    int r = 0;
    for (size_t i = 0; r == 0 && i < sizeof rows / sizeof rows[0]; i++)
        r = link_observe(exports->options.link, rows[i].kind, rows[i].observer, exports);
    return r;
}

int exports_new(const struct exports_options *options, struct exports **ret)
{
    struct exports *exports = calloc(1, sizeof *exports);
    if (!exports)
        return -ENOMEM;
    exports->options = *options;
    exports->kick.fire = on_kick;
    exports->sweep.fire = on_sweep;
    exports->book = export_book_new(options->max, exports);
    if (!exports->book || observe(exports) < 0) {
        exports_free(exports);
        return -ENOMEM;
    }
    loop_set_timer(options->loop, &exports->sweep, SWEEP_MS);
    *ret = exports;
    return 0;
}

int exports_need(const struct exports *exports, struct span key)
{
    return exports->is_leader && key_is_export(key);
}

void exports_changed(struct exports *exports, struct span key)
{
    if (exports_need(exports, key))
        push(exports, export_book_row(exports->book, key));
}

void exports_write_status(struct writer *w, const struct exports *exports)
{
    writer_literal(w, ",\"exports\":{\"leader\":");
    writer_text(w, exports->is_leader ? "true" : "false");
    export_book_write(w, exports->book);
    writer_literal(w, "}");
}

void exports_free(struct exports *exports)
{
    if (!exports)
        return;
    loop_cancel_timer(exports->options.loop, &exports->kick);
    loop_cancel_timer(exports->options.loop, &exports->sweep);
    export_book_free(exports->book);
    free(exports);
}
