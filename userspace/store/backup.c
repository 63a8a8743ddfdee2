/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/backup.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/table.h"
#include "base/writer.h"
#include "crypto/age.h"
#include "crypto/arena.h"
#include "crypto/random.h"
#include "limits.h"
#include "store/format.h"
#include "store/label.h"
#include "store/record.h"
#include "store/seal.h"
#include "store/store_state.h"

/* A record to be taken along. */
struct item {
    struct journal_place place;
    uint32_t length; /* of its payload, opened: one line */
};

struct backup {
    struct arena *arena;
    struct journal_file *file;
    struct seal *seal;
    struct item *items;
    size_t count, next;
    char head[160], tail[64]; /* lines, newline included */
    uint64_t size;
    int has_ended;
    struct age_writer *writer; /* in the arena */
    char *out;                 /* sealed bytes */
    size_t used, room;
};

/* ---- what is in it --------------------------------------------------------------------------- */

/* The label beside a record is made of the same facts, so its length need not be read. */
static struct item item_of(const struct entry *entry, enum record_op op, uint64_t number,
                           int64_t updated_us, const struct validity *validity,
                           struct journal_place place)
{
    char text[LABEL_TEXT];
    struct label label = {.op = op,
                          .key = store_state_key(entry),
                          .version = number,
                          .updated_us = updated_us,
                          .validity = *validity};
    size_t payload = place.size - FORMAT_FRAME - label_write(&label, text).length;
    size_t length = 0;
    age_payload_plain(payload, &length);
    return (struct item){place, (uint32_t)length};
}

static int by_offset(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->place.offset > y->place.offset) - (x->place.offset < y->place.offset);
}

static void add_entry(struct backup *backup, const struct entry *entry)
{
    const struct store_version *version = &entry->version;
    for (unsigned i = 0; i < entry->past_count; i++) {
        const struct past *past = &entry->past[i];
        backup->items[backup->count++] =
            item_of(entry, past->is_gone ? RECORD_EXPIRE : RECORD_PUT, past->number,
                    past->updated_us, &past->validity, past->place);
    }
    backup->items[backup->count++] =
        item_of(entry, entry->is_expiry_kept ? RECORD_EXPIRE : RECORD_PUT, version->number,
                version->updated_us, &version->validity, version->place);
}

/* In the order of the log: of a key, older versions come first. */
static int collect(struct backup *backup, const struct store *store)
{
    size_t at = 0;
    backup->items = calloc(store->records + 1, sizeof *backup->items);
    if (!backup->items)
        return -ENOMEM;
    for (struct entry *entry; (entry = table_next(store->entries, &at));)
        if (entry->version.number)
            add_entry(backup, entry);
    qsort(backup->items, backup->count, sizeof *backup->items, by_offset);
    return 0;
}

static void write_frame_lines(struct backup *backup, const struct store *store, int64_t now_us)
{
    char time[CLOCK_RFC3339];
    struct writer w = writer_on(backup->head, sizeof backup->head - 1);
    clock_format(now_us, time);
    writer_literal(&w, BACKUP_BEGINNING "1,\"created\":\"");
    writer_text(&w, time);
    writer_named_u64(&w, "\",\"keys\":", store->count);
    writer_named_u64(&w, ",\"records\":", backup->count);
    writer_literal(&w, "}\n");
    w = writer_on(backup->tail, sizeof backup->tail - 1);
    writer_named_u64(&w, "{\"end\":", backup->count);
    writer_literal(&w, "}\n");
}

/* ---- sealing --------------------------------------------------------------------------------- */

/* What comes out is sealed: the heap may have it. */
static int keep(void *context, const void *data, size_t length)
{
    struct backup *backup = context;
    if (length > backup->room - backup->used) {
        size_t room = 2 * backup->room + length;
        char *out = realloc(backup->out, room);
        if (!out)
            return -ENOMEM;
        backup->out = out;
        backup->room = room;
    }
    memcpy(backup->out + backup->used, data, length);
    backup->used += length;
    return 0;
}

static int begin_file(struct backup *backup, const struct age_recipient *to, size_t count)
{
    char header[LIMIT_PREFACE];
    size_t length;
    unsigned char *file_key = arena_alloc(backup->arena, AGE_FILE_KEY);
    if (!file_key)
        return -ENOSPC;
    random_bytes(file_key, AGE_FILE_KEY);
    int r = age_header_write(to, count, file_key, header, sizeof header, &length);
    if (r == 0)
        r = age_writer_begin(backup->writer, (struct span){header, length}, file_key, keep, backup);
    arena_free(backup->arena, file_key);
    if (r < 0)
        return r;
    uint64_t plain = strlen(backup->head) + strlen(backup->tail);
    for (size_t i = 0; i < backup->count; i++)
        plain += backup->items[i].length + 1u;
    backup->size = length + age_payload_sealed(plain);
    return age_writer_write(backup->writer, backup->head, strlen(backup->head));
}

int backup_new(struct store *store, const struct age_recipient *to, size_t count, int64_t now_us,
               struct backup **ret)
{
    struct backup *backup = calloc(1, sizeof *backup);
    if (!backup)
        return -ENOMEM;
    backup->arena = store->arena;
    backup->file = journal_file_ref(store->journal);
    backup->seal = seal_ref(store->seal);
    backup->writer = arena_alloc(store->arena, sizeof *backup->writer);
    int r = backup->writer ? collect(backup, store) : -ENOSPC;
    if (r == 0) {
        write_frame_lines(backup, store, now_us);
        r = begin_file(backup, to, count);
    }
    if (r < 0) {
        backup_free(backup);
        return r;
    }
    *ret = backup;
    return 0;
}

uint64_t backup_size(const struct backup *backup)
{
    return backup->size;
}

/* ---- piece by piece -------------------------------------------------------------------------- */

/* LINE, opened from FRAME, says what stands beside it: older versions are opened here first. */
static int check_line(const struct backup *backup, const struct journal_frame *frame,
                      struct span line)
{
    struct label label;
    struct record record;
    if (label_read(frame->meta, &label) < 0)
        return -EBADMSG;
    int r = record_read(line, backup->arena, &record, NULL);
    if (r < 0)
        return r == -EINVAL ? -EBADMSG : r;
    r = record_matches(&record, &label, frame->sequence) ? 0 : -EBADMSG;
    record_done(backup->arena, &record);
    return r;
}

static int read_line(const struct backup *backup, const struct item *item, char **line)
{
    char *data = NULL;
    struct journal_frame frame;
    size_t length = 0;
    int r = journal_read(backup->file, item->place, &data, &frame);
    if (r == 0)
        r = seal_open_payload(backup->seal, &frame, line, &length);
    if (r == 0)
        r = length == item->length ? check_line(backup, &frame, (struct span){*line, length})
                                   : -EBADMSG;
    free(data);
    return r;
}

/*
 * The line of ITEM. What does not open any more, or is another record, gets a line of blanks, which
 * means nothing to any reader of JSON: an older version that somebody tampered with must not keep
 * the rest from being backed up, and the size was told already.
 */
static int write_item(struct backup *backup, const struct item *item)
{
    char *line = NULL;
    int r = read_line(backup, item, &line);
    if (r < 0 && r != -EBADMSG && r != -EUCLEAN) {
        arena_free(backup->arena, line);
        return r;
    }
    if (r == 0) {
        r = age_writer_write(backup->writer, line, item->length);
    } else {
        r = 0;
        for (uint32_t i = 0; i < item->length && r == 0; i++)
            r = age_writer_write(backup->writer, " ", 1);
    }
    arena_free(backup->arena, line);
    return r < 0 ? r : age_writer_write(backup->writer, "\n", 1);
}

int backup_next(struct backup *backup, struct span *piece)
{
    int r = 0;
    if (backup->next || backup->has_ended) /* what was collected at the beginning goes first */
        backup->used = 0;
    while (r == 0 && backup->used < AGE_PAYLOAD_CHUNK && backup->next < backup->count)
        r = write_item(backup, &backup->items[backup->next++]);
    if (r == 0 && backup->next == backup->count && backup->used < AGE_PAYLOAD_CHUNK &&
        !backup->has_ended) {
        backup->has_ended = 1;
        r = age_writer_write(backup->writer, backup->tail, strlen(backup->tail));
        if (r == 0)
            r = age_writer_end(backup->writer);
    }
    *piece = (struct span){backup->out, backup->used};
    return r;
}

void backup_free(struct backup *backup)
{
    if (!backup)
        return;
    if (backup->writer)
        age_writer_wipe(backup->writer);
    arena_free(backup->arena, backup->writer);
    journal_file_unref(backup->file);
    seal_unref(backup->seal);
    free(backup->items);
    free(backup->out);
    free(backup);
}
