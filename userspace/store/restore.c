/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/table.h"
#include "crypto/age.h"
#include "crypto/age_key.h"
#include "crypto/arena.h"
#include "limits.h"
#include "protocol.h"
#include "store/backup_lines.h"
#include "store/change.h"
#include "store/keyring.h"
#include "store/record.h"
#include "store/stage.h"
#include "store/store.h"
#include "store/store_state.h"

/* A key of the backup. */
struct found {
    uint64_t newest;  /* its newest version there */
    uint64_t current; /* its version in the store; 0: none */
    enum restore_change change;
    int is_chosen;
    uint64_t version; /* afterwards */
    size_t key_length;
    char key[];
};

struct restore {
    struct store *store;
    const struct keyring *keyring;
    int fd; /* of what was received; -1: nothing */
    uint64_t received;

    /* of the one under way */
    int is_running;
    int is_trial;
    int chooses; /* not all keys are wanted */
    int64_t now_us;
    uint64_t ticket;
    int (*take)(struct restore *restore, const struct record *record); /* of this reading */
    uint64_t at;                                                       /* in the file */
    struct age_identity *identity; /* in the arena: a rekey may come while it is only looked at */
    struct age_reader *reader;     /* in the arena */
    struct backup_lines *lines;
    struct stage *stage;
    struct loop_timer timer;

    /* of the last one */
    struct table *found;
    struct restore_row *rows;
    size_t row_count;
    struct error error;
};

static void on_slice(struct loop_timer *timer);

struct restore *restore_new(struct store *store, const struct keyring *keyring)
{
    struct restore *restore = calloc(1, sizeof *restore);
    if (!restore)
        return NULL;
    *restore =
        (struct restore){.store = store, .keyring = keyring, .fd = -1, .timer.fire = on_slice};
    unlinkat(store->options.dir, PROTOCOL_STATE_RESTORE, 0);
    return restore;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void forget_file(struct restore *restore)
{
    if (restore->fd < 0)
        return;
    close(restore->fd);
    restore->fd = -1;
    restore->received = 0;
    unlinkat(restore->store->options.dir, PROTOCOL_STATE_RESTORE, 0);
}

static int begin_file(struct restore *restore)
{
    forget_file(restore);
    restore->fd = openat(restore->store->options.dir, PROTOCOL_STATE_RESTORE,
                         O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    return restore->fd < 0 ? -errno : 0;
}

int restore_receive(struct restore *restore, uint64_t offset, struct span piece, uint64_t *total)
{
    if (restore->is_running)
        return -EBUSY;
    int r = offset == 0 ? begin_file(restore) : 0;
    if (r < 0)
        return r;
    if (restore->fd < 0 || offset != restore->received)
        return -ESTALE;
    for (size_t done = 0; done < piece.length;) {
        ssize_t n =
            pwrite(restore->fd, piece.data + done, piece.length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            r = -errno;
            forget_file(restore); /* the disk may be full because of it */
            return r;
        }
        done += (size_t)n;
    }
    *total = restore->received = offset + piece.length;
    return 0;
}

/* ---- the first reading: what is in it, and what it would change ------------------------------ */

static int choose(struct restore *restore, const struct span *keys, size_t count)
{
    restore->chooses = count > 0;
    for (size_t i = 0; i < count; i++) {
        struct found *found = table_find(restore->found, keys[i]);
        if (found)
            continue;
        found = calloc(1, sizeof *found + keys[i].length);
        if (!found)
            return -ENOMEM;
        memcpy(found->key, keys[i].data, keys[i].length);
        found->key_length = keys[i].length;
        found->is_chosen = 1;
        int r =
            table_set(restore->found, (struct span){found->key, found->key_length}, found, NULL);
        if (r < 0) {
            free(found);
            return r;
        }
    }
    return 0;
}

static int find(struct restore *restore, struct span key, struct found **ret)
{
    *ret = table_find(restore->found, key);
    if (*ret || restore->chooses)
        return 0;
    int r = choose(restore, &key, 1);
    restore->chooses = 0;
    *ret = table_find(restore->found, key);
    return r;
}

/* Non-zero when the newest version in the store is what RECORD would make it. */
static int has_already(struct restore *restore, const struct record *record)
{
    struct record own;
    if (store_read(restore->store, record->key, 0, restore->now_us, &own) < 0)
        return 0;
    int same = span_equal(own.value, record->value) && span_equal(own.template, record->template) &&
               span_equal(own.format, record->format) && own.adopts == record->adopts;
    record_done(restore->store->arena, &own);
    return same;
}

/* What RECORD, the newest so far of its key, would change. */
static void compare(struct restore *restore, const struct record *record, struct found *found)
{
    const struct store_version *own = store_find(restore->store, record->key);
    int is_over = record->op == RECORD_EXPIRE || record->validity.expires_us <= restore->now_us;
    found->newest = record->version;
    found->current = own ? own->number : 0;
    if (!own) {
        found->change = RESTORE_NEW;
        found->version = record->version;
    } else if (is_over || has_already(restore, record)) {
        found->change = RESTORE_SAME;
        found->version = own->number;
    } else {
        found->change = RESTORE_CHANGED;
        found->version = own->number + 1;
    }
}

static int check_record(struct restore *restore, const struct record *record)
{
    struct found *found;
    int r = find(restore, record->key, &found);
    if (r < 0 || !found)
        return r;
    if (record->version <= found->newest)
        return error_set(&restore->error, -EINVAL,
                         "the versions of %.*s are not in order in this backup",
                         (int)record->key.length, record->key.data);
    compare(restore, record, found);
    return 0;
}

/* ---- the second reading: doing it --------------------------------------------------------------
 */

static int do_record(struct restore *restore, const struct record *record)
{
    const struct found *found = table_find(restore->found, record->key);
    if (!found || found->change == RESTORE_SAME)
        return 0;
    if (found->change == RESTORE_NEW)
        return stage_record(restore->stage, record);
    if (record->version != found->newest)
        return 0;
    const struct change_put put = {.value = record->value,
                                   .template = record->template,
                                   .format = record->format,
                                   .adopts = record->adopts,
                                   .validity = record->validity,
                                   .if_version = CHANGE_ANY_VERSION};
    return stage_put(restore->stage, record->key, &put);
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static int on_record(void *context, const struct record *record)
{
    struct restore *restore = context;
    return restore->take(restore, record);
}

static int begin_reading(struct restore *restore,
                         int (*take)(struct restore *restore, const struct record *record))
{
    const struct age_keys keys = {.identities = restore->identity, .count = 1};
    backup_lines_free(restore->lines);
    restore->lines = backup_lines_new(restore->store->arena, on_record, restore, &restore->error);
    if (!restore->lines)
        return -ENOSPC;
    age_reader_begin(restore->reader, &keys, backup_lines_write, restore->lines);
    restore->take = take;
    restore->at = 0;
    return 0;
}

/* 1: there is more, 0: all was read, or -errno. */
static int read_piece(struct restore *restore)
{
    char piece[16384]; /* sealed */
    ssize_t n = pread(restore->fd, piece, sizeof piece, (off_t)restore->at);
    if (n < 0)
        return errno == EINTR ? 1 : -errno;
    restore->at += (size_t)n;
    int r = n > 0 ? age_reader_write(restore->reader, piece, (size_t)n, &restore->error)
                  : age_reader_end(restore->reader, &restore->error);
    if (r < 0)
        return r;
    return n > 0 ? 1 : backup_lines_end(restore->lines);
}

/* ---- the end -----------------------------------------------------------------------------------
 */

static int by_key(const void *a, const void *b)
{
    const struct restore_row *x = a, *y = b;
    size_t shorter = x->key.length < y->key.length ? x->key.length : y->key.length;
    int order = memcmp(x->key.data, y->key.data, shorter);
    return order ? order : (x->key.length > y->key.length) - (x->key.length < y->key.length);
}

static int make_rows(struct restore *restore)
{
    size_t at = 0;
    restore->rows = calloc(table_count(restore->found) + 1, sizeof *restore->rows);
    if (!restore->rows)
        return -ENOMEM;
    for (struct found *found; (found = table_next(restore->found, &at));) {
        struct span key = {found->key, found->key_length};
        if (!found->newest)
            return error_set(&restore->error, -ENOENT,
                             "the backup has no %.*s; nothing was changed", (int)key.length,
                             key.data);
        restore->rows[restore->row_count++] =
            (struct restore_row){key, found->change, found->version};
    }
    qsort(restore->rows, restore->row_count, sizeof *restore->rows, by_key);
    return 0;
}

static void drop_work(struct restore *restore)
{
    struct store *store = restore->store;
    if (store->options.loop)
        loop_cancel_timer(store->options.loop, &restore->timer);
    if (restore->reader)
        age_reader_wipe(restore->reader);
    arena_free(store->arena, restore->reader);
    arena_free(store->arena, restore->identity);
    backup_lines_free(restore->lines);
    stage_abandon(restore->stage);
    restore->reader = NULL;
    restore->identity = NULL;
    restore->lines = NULL;
    restore->stage = NULL;
    restore->is_running = 0;
}

static void forget_rows(struct restore *restore)
{
    size_t at = 0;
    for (struct found *found; restore->found && (found = table_next(restore->found, &at));)
        free(found);
    table_free(restore->found);
    free(restore->rows);
    restore->found = NULL;
    restore->rows = NULL;
    restore->row_count = 0;
}

/* It is over or, with -EINPROGRESS, on its way to the disk, whose end tells of the ticket. */
static void end(struct restore *restore, int r)
{
    struct store *store = restore->store;
    uint64_t ticket = restore->ticket;
    drop_work(restore);
    if ((r == 0 || r == -EINPROGRESS) && !restore->is_trial)
        forget_file(restore);
    if (r != -EINPROGRESS && store->options.settled && store->options.loop)
        store->options.settled(store->options.context, ticket, ticket, r);
}

/* Both readings are behind us. */
static int commit(struct restore *restore)
{
    struct stage *stage = restore->stage;
    restore->stage = NULL;
    return stage_commit(stage, &restore->ticket);
}

/* The first reading found nothing wrong. 1: go on with the second. */
static int turn_over(struct restore *restore)
{
    int r = make_rows(restore);
    if (r < 0 || restore->is_trial)
        return r;
    r = begin_reading(restore, do_record);
    return r < 0 ? r : 1;
}

/* 1: there is more, else what came of it. */
static int step(struct restore *restore)
{
    int r = read_piece(restore);
    if (r != 0)
        return r == -EBADMSG || r == -ENOKEY || r == -EMSGSIZE ? -EINVAL : r;
    return restore->take == check_record ? turn_over(restore) : commit(restore);
}

static int run_slice(struct restore *restore)
{
    uint64_t until = clock_mono_ns() + LIMIT_SLICE_NS;
    int r;
    while ((r = step(restore)) > 0)
        if (restore->store->options.loop && clock_mono_ns() >= until)
            return 1;
    return r;
}

static void on_slice(struct loop_timer *timer)
{
    struct restore *restore = (struct restore *)((char *)timer - offsetof(struct restore, timer));
    int r = run_slice(restore);
    if (r > 0)
        loop_set_timer(restore->store->options.loop, timer, 0);
    else
        end(restore, r);
}

/* ---- beginning ---------------------------------------------------------------------------------
 */

/* The last one is on its way to the disk: its rows are still to be asked for. */
static int is_settling(const struct restore *restore)
{
    const struct store *store = restore->store;
    return restore->ticket &&
           (store->open.ticket == restore->ticket || store->syncing.ticket == restore->ticket);
}

static int begin(struct restore *restore, const struct span *keys, size_t count)
{
    struct store *store = restore->store;
    restore->found = table_new(store->options.max);
    restore->reader = arena_alloc(store->arena, sizeof *restore->reader);
    restore->identity = arena_alloc(store->arena, sizeof *restore->identity);
    if (!restore->found || !restore->reader || !restore->identity)
        return restore->found ? -ENOSPC : -ENOMEM;
    *restore->identity = *keyring_identity(restore->keyring);
    int r = restore->is_trial ? 0 : stage_begin(store, restore->now_us, &restore->stage);
    if (r == 0)
        r = choose(restore, keys, count);
    return r < 0 ? r : begin_reading(restore, check_record);
}

int restore_apply(struct restore *restore, const struct span *keys, size_t count, int is_trial,
                  int64_t now_us, uint64_t *ticket)
{
    struct store *store = restore->store;
    if (store_is_sealed(store))
        return -ENOKEY;
    if (restore->is_running || is_settling(restore))
        return -EAGAIN;
    forget_rows(restore);
    restore->error.text[0] = '\0';
    if (restore->fd < 0)
        return error_set(&restore->error, -EINVAL, "no backup has been received");
    restore->is_running = 1;
    restore->is_trial = is_trial;
    restore->now_us = now_us;
    int r = begin(restore, keys, count);
    if (r < 0) {
        drop_work(restore);
        return r;
    }
    *ticket = restore->ticket = ++store->last_ticket;
    if (store->options.loop) {
        loop_set_timer(store->options.loop, &restore->timer, 0);
        return -EINPROGRESS;
    }
    r = run_slice(restore);
    end(restore, r);
    return r;
}

void restore_result(const struct restore *restore, const struct restore_row **rows, size_t *count,
                    const struct error **error)
{
    *rows = restore->rows;
    *count = restore->row_count;
    *error = &restore->error;
}

void restore_free(struct restore *restore)
{
    if (!restore)
        return;
    drop_work(restore);
    forget_rows(restore);
    forget_file(restore);
    free(restore);
}
