/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record's payload and label, any text: what is read is written and read again, and is the same.
 * The first byte says how small the arena is.
 */
#include "store/record.h"

#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/arena.h"
#include "store/json.h"
#include "store/key.h"
#include "tests/fuzz/fuzz.h"

static struct arena *arenas[2];

static void must_be_empty(const struct arena *arena)
{
    struct arena_stats stats;
    arena_read_stats(arena, &stats);
    MUST(stats.blocks == 0);
}

/* LABEL, written and read again. */
static void check_label(const struct label *label)
{
    char text[LABEL_TEXT], again[LABEL_TEXT];
    struct label second;
    struct span first = label_write(label, text);
    MUST(label_read(first, &second) == 0);
    MUST(label_equals(label, &second));
    MUST(span_equal(first, label_write(&second, again)));
}

static void check_claim(const struct record *record)
{
    struct label label = record_label(record);
    check_label(&label);
    MUST(record_matches(record, &label, record->sequence));
    MUST(!record_matches(record, &label, record->sequence + 1));
}

static char *written(struct arena *arena, const struct record *record, size_t *length)
{
    struct writer count = {0};
    record_write(&count, record);
    char *text = arena_alloc(arena, count.needed);
    if (!text)
        return NULL;
    struct writer w = writer_on(text, count.needed);
    record_write(&w, record);
    MUST(writer_ok(&w) && w.used == count.needed);
    *length = w.used;
    return text;
}

static void check_payload(struct arena *arena, const struct record *record)
{
    size_t length, second;
    char *text = written(arena, record, &length);
    if (!text)
        return;
    struct record again;
    int r = record_read((struct span){text, length}, arena, &again, NULL);
    MUST(r == 0 || r == -ENOSPC);
    if (r == 0) {
        struct label first = record_label(record), second_label = record_label(&again);
        MUST(label_equals(&first, &second_label));
        MUST(again.sequence == record->sequence && again.created_us == record->created_us);
        MUST(record->op != RECORD_PUT || span_equal(again.value, record->value));
        char *twice = written(arena, &again, &second);
        MUST(!twice || (second == length && memcmp(text, twice, length) == 0));
        arena_free(arena, twice);
        record_done(arena, &again);
    }
    arena_free(arena, text);
}

static void read_payload(struct arena *arena, struct span text)
{
    struct record record;
    struct error error = {""};
    int r = record_read(text, arena, &record, &error);
    MUST(r == 0 || r == -EINVAL || r == -ENOSPC);
    MUST((r == -EINVAL) == (error.text[0] != '\0'));
    if (r < 0)
        return;
    MUST(key_is_good(record.key) && record.version >= 1);
    if (record.op == RECORD_PUT)
        MUST(record.value.length >= 1 && record.value.length <= LIMIT_VALUE &&
             arena_owns(arena, record.value.data));
    check_claim(&record);
    check_payload(arena, &record);
    record_done(arena, &record);
}

static void read_label(struct span text)
{
    struct label label;
    int r = label_read(text, &label);
    MUST(r == 0 || r == -EINVAL);
    if (r == 0) {
        MUST(key_is_good(label.key));
        check_label(&label);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int i = 0; i < 2; i++)
        if (!arenas[i])
            MUST(arena_new(i ? 512u << 10 : 4u << 20, ARENA_MLOCK, &arenas[i], NULL) == 0);
    if (size == 0)
        return 0;
    struct arena *arena = arenas[data[0] & 1];
    struct span text = {(const char *)data + 1, size - 1};
    json_use(arena);
    read_payload(arena, text);
    read_label(text);
    must_be_empty(arena);
    return 0;
}
