/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/table.h"
#include "crypto/age_key.h"
#include "crypto/arena.h"
#include "limits.h"
#include "protocol.h"
#include "store/record.h"
#include "store/seal.h"
#include "store/shape.h"
#include "store/store_state.h"

struct load {
    struct store *store;
    const struct load_options *options;
    struct load_report *report;
    struct seal *seal;
};

static void refuse(struct load *load, struct span key, const char *reason)
{
    load->report->refused++;
    if (load->options->refused)
        load->options->refused(load->options->context, key, reason);
}

/* ---- first pass: what the labels claim ------------------------------------------------------- */

static int note(struct load *load, const struct label *label, const struct journal_frame *frame)
{
    struct entry *entry;
    int r = store_state_entry(load->store, label->key, &entry);
    if (r == 0)
        r = store_state_reserve_past(entry);
    if (r < 0)
        return r;
    entry->past[entry->past_count++] = (struct past){.number = label->version,
                                                     .updated_us = label->updated_us,
                                                     .validity = label->validity,
                                                     .place = frame->place,
                                                     .is_gone = label->op == RECORD_EXPIRE};
    return 0;
}

/* A deletion is proven at once: whoever could forge one could undo a put. */
static int forget(struct load *load, const struct label *label, const struct journal_frame *frame)
{
    struct record record;
    int r = seal_open_record(load->seal, frame, &record);
    if (r == -EBADMSG)
        refuse(load, label->key, "forged-record");
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    record_done(load->store->arena, &record);
    struct entry *entry = table_find(load->store->entries, label->key);
    if (entry) {
        entry->past_count = 0; /* nothing of it was counted yet */
        store_state_drop(load->store, entry);
    }
    return 0;
}

static int on_frame(void *context, const struct journal_frame *frame)
{
    struct load *load = context;
    struct label label;
    if (label_read(frame->meta, &label) < 0) {
        refuse(load, SPAN_LITERAL("?"), "forged-label");
        return 0;
    }
    return label.op == RECORD_DELETE ? forget(load, &label, frame) : note(load, &label, frame);
}

/* ---- second pass: the newest version that is what it claims ---------------------------------- */

static int take_version(struct load *load, struct entry *entry, const struct record *record,
                        struct journal_place place)
{
    struct store *store = load->store;
    struct store_version *version = &entry->version;
    *version = (struct store_version){.number = record->version,
                                      .created_us = record->created_us,
                                      .updated_us = record->updated_us,
                                      .validity = record->validity,
                                      .place = place};
    int64_t expires = record->validity.expires_us;
    entry->is_expiry_kept = record->op == RECORD_EXPIRE;
    store->count++;
    store_state_count(store, place, 1);
    if (entry->is_expiry_kept)
        return 0;
    store->due_us = expires < store->due_us ? expires : store->due_us;
    if (expires <= load->options->now_us)
        return 0; /* the first sweep puts it on record */
    return shape_render(store->arena, record->value, record->template, record->format, version);
}

/* Rows that claim what cannot be, beside the version that is proven. */
static void drop_impossible(struct load *load, struct entry *entry)
{
    uint64_t above = entry->version.number;
    unsigned kept = 0, count = entry->past_count;
    for (unsigned i = count; i-- > 0;) {
        int expired_later = entry->past[i].number == above && !entry->past[i].is_gone;
        if (entry->past[i].number < above) {
            above = entry->past[i].number;
            entry->past[count - ++kept] = entry->past[i];
        } else if (!expired_later) {
            refuse(load, store_state_key(entry), "misplaced-record");
        }
    }
    memmove(entry->past, entry->past + count - kept, kept * sizeof *entry->past);
    entry->past_count = kept;
}

static int take_newest(struct load *load, struct entry *entry, const struct journal_file *file)
{
    struct journal_place place = entry->past[--entry->past_count].place;
    struct record record;
    int r = seal_read(load->seal, file, place, &record);
    if (r == -EBADMSG) {
        refuse(load, store_state_key(entry), "forged-record");
        return 0;
    }
    if (r < 0)
        return r;
    r = take_version(load, entry, &record, place);
    record_done(load->store->arena, &record);
    return r;
}

/* An entry of which nothing is proven stays without a version, as if its first put were under way.
 */
static int take_entry(struct load *load, struct entry *entry, const struct journal_file *file)
{
    int r = 0;
    while (r == 0 && entry->past_count && !entry->version.number)
        r = take_newest(load, entry, file);
    drop_impossible(load, entry);
    for (unsigned i = 0; i < entry->past_count; i++)
        store_state_count(load->store, entry->past[i].place, 1);
    store_state_trim(load->store, entry, store_state_kept(load->store));
    return r;
}

static int by_size(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    uint32_t first = x->past[x->past_count - 1].place.size;
    uint32_t second = y->past[y->past_count - 1].place.size;
    return (first < second) - (first > second);
}

/*
 * The largest first: a record takes several times its room while it is opened, and what fitted the
 * arena one by one, in whatever order, must fit it again.
 */
static int take_all(struct load *load)
{
    struct store *store = load->store;
    size_t count = table_count(store->entries), at = 0;
    struct entry **entries = calloc(count + 1, sizeof *entries);
    if (!entries)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        entries[i] = table_next(store->entries, &at);
    qsort(entries, count, sizeof *entries, by_size);
    struct journal_file *file = journal_file_ref(store->journal);
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        r = take_entry(load, entries[i], file);
    journal_file_unref(file);
    free(entries);
    return r;
}

/* ---- opening and making ---------------------------------------------------------------------- */

int load_has_log(int dir)
{
    struct stat st;
    /* What cannot be looked at, or leads elsewhere, is no reason to put a new log in its place. */
    return fstatat(dir, PROTOCOL_STATE_LOG, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static int make_log(struct load *load, struct error *error)
{
    struct store *store = load->store;
    int dir = store->options.dir;
    int r = seal_new(store->arena, &load->options->identities[0].recipient, &load->seal);
    if (r < 0)
        return error_errno(error, r, "cannot make a key for a new log");
    unlinkat(dir, PROTOCOL_STATE_NEW_LOG, 0); /* of a daemon that was killed while it made one */
    r = journal_create(dir, PROTOCOL_STATE_NEW_LOG, seal_preface(load->seal), 1, &store->journal,
                       error);
    if (r < 0)
        return r;
    r = journal_checkpoint(store->journal, load->options->now_us);
    if (r == 0)
        r = journal_publish(store->journal, dir, PROTOCOL_STATE_NEW_LOG, PROTOCOL_STATE_LOG);
    if (r < 0)
        return error_errno(error, r, "cannot make " PROTOCOL_STATE_LOG);
    journal_synced(store->journal, journal_end(store->journal));
    load->report->is_new = 1;
    return 0;
}

static int open_seal(struct load *load, struct error *error)
{
    char *preface = NULL;
    size_t length = 0;
    int r = journal_read_preface(load->store->options.dir, PROTOCOL_STATE_LOG, &preface, &length,
                                 error);
    if (r < 0)
        return r;
    r = seal_open(load->store->arena, (struct span){preface, length}, load->options->identities,
                  load->options->count, &load->report->which, &load->seal, error);
    free(preface);
    if (r == -ENOKEY)
        error_set(error, r, PROTOCOL_STATE_LOG " is sealed to another root key than the one given");
    return r;
}

static int open_log(struct load *load, struct error *error)
{
    struct store *store = load->store;
    int r = open_seal(load, error);
    if (r < 0)
        return r;
    r = journal_open(store->options.dir, PROTOCOL_STATE_LOG, on_frame, load, &load->report->journal,
                     &store->journal, error);
    if (r == 0)
        r = take_all(load);
    if (r == -ENOSPC)
        error_set(error, r,
                  "the arena or the table is too small for the secrets in " PROTOCOL_STATE_LOG
                  ": raise arena_size or max_secrets");
    else if (r == -ENOMEM)
        error_set(error, r, "out of memory while reading " PROTOCOL_STATE_LOG);
    else if (r < 0 && store->journal)
        error_errno(error, r, "cannot read " PROTOCOL_STATE_LOG);
    return r;
}

static void undo(struct store *store)
{
    for (size_t at = 0; table_count(store->entries); at = 0) {
        struct entry *entry = table_next(store->entries, &at);
        entry->past_count = 0;
        store_state_drop(store, entry);
    }
    journal_close(store->journal);
    store->journal = NULL;
    store->live = store->records = 0;
    store->due_us = VALIDITY_NEVER;
}

static size_t spare_size(const struct arena *arena)
{
    struct arena_stats stats;
    arena_read_stats(arena, &stats);
    size_t part = stats.size / LIMIT_SPARE_PART;
    return part < LIMIT_SPARE ? part : LIMIT_SPARE;
}

int load_log(struct store *store, const struct load_options *options, struct load_report *report,
             struct error *error)
{
    struct load load = {.store = store, .options = options, .report = report};
    *report = (struct load_report){.which = 0};
    int r = load_has_log(store->options.dir) ? open_log(&load, error) : make_log(&load, error);
    if (r < 0) {
        undo(store);
        seal_unref(load.seal);
        return r;
    }
    store->seal = load.seal;
    store->spare = arena_alloc(store->arena, spare_size(store->arena));
    unlinkat(store->options.dir, PROTOCOL_STATE_NEW_LOG, 0); /* of a rewrite that was killed */
    return 0;
}
