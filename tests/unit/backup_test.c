/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/backup.h"

#include <errno.h>

#include "base/crc32c.h"
#include "base/table.h"
#include "crypto/age_payload.h"
#include "store/format.h"
#include "store/record.h"
#include "store/rewrite.h"
#include "store/store_state.h"
#include "tests/unit/backups.h"

#define T0 INT64_C(1795551330123456) /* 2026-11-24T20:15:30.123456Z */
#define SECOND INT64_C(1000000)

static struct stores stores;
static struct backups_text sealed, plain;
static uint64_t idle; /* blocks of the empty store */

static void begin(size_t size, size_t max, unsigned versions)
{
    stores_begin(&stores, size, max, versions);
    idle = arenas_blocks(stores.arena);
}

static void end(void)
{
    stores_end(&stores);
    backups_drop(&sealed);
    backups_drop(&plain);
}

static void put(const char *key, const char *value, int64_t now_us)
{
    CHECK_EQ_INT(stores_put(&stores, key, span_of(value), now_us), 0);
}

static void put_until(const char *key, const char *value, int64_t expires_us, int64_t now_us)
{
    const struct span name = span_of(key);
    const struct change_put put = {.value = span_of(value),
                                   .validity = {.expires_us = expires_us},
                                   .if_version = CHANGE_ANY_VERSION};
    struct change_conflict conflict;
    uint64_t ticket;
    CHECK_EQ_INT(change_put(stores.store, &name, 1, &put, now_us, &ticket, &conflict), 0);
}

static struct backup *start(int64_t now_us)
{
    struct backup *backup;
    CHECK_EQ_INT(backup_new(stores.store, keyring_recipient(stores.keyring), 1, now_us, &backup),
                 0);
    return backup;
}

/* Finish BACKUP and open it with IDENTITY. */
static void finish(struct backup *backup, const struct age_identity *identity)
{
    unsigned pieces;
    CHECK_EQ_INT(backups_drain(backup, &sealed, &pieces), 0);
    CHECK_EQ_INT(sealed.length, backup_size(backup));
    backup_free(backup);
    CHECK_EQ_INT(backups_open(identity, &sealed, &plain), 0);
}

static void make(int64_t now_us)
{
    sealed.length = 0;
    finish(start(now_us), keyring_identity(stores.keyring));
}

/* Line NUMBER, from 0, without its newline. */
static struct span line(unsigned number)
{
    const char *at = plain.data;
    for (; number && at; number--) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    const char *stop = at ? strchr(at, '\n') : NULL;
    CHECK(stop != NULL);
    return (struct span){at, (size_t)(stop - at)};
}

static unsigned line_count(void)
{
    unsigned count = 0;
    for (size_t i = 0; i < plain.length; i++)
        count += plain.data[i] == '\n';
    return count;
}

static int has(struct span text, const char *part)
{
    return memmem(text.data, text.length, part, strlen(part)) != NULL;
}

/* Line NUMBER is a record with each of PARTS (the last is NULL). */
static void check_line(unsigned number, const char *const *parts)
{
    for (; *parts; parts++)
        if (!has(line(number), *parts))
            check_fail(__FILE__, __LINE__, "line %u has no %s: %.*s", number, *parts,
                       (int)line(number).length, line(number).data);
}

#define CHECK_LINE(number, ...) check_line(number, (const char *const[]){__VA_ARGS__, NULL})

/* ---- what is in it --------------------------------------------------------------------------- */

TEST(of_nothing)
{
    begin(ARENA_MIB, 10, 10);
    make(T0);
    CHECK_STR(plain.data,
              "{\"vsecmBackup\":1,\"created\":\"2026-11-24T20:15:30.123456Z\",\"keys\":0,"
              "\"records\":0}\n{\"end\":0}\n");
    end();
}

TEST(of_one)
{
    begin(ARENA_MIB, 10, 10);
    put("shop/web", "hunter2", T0);
    make(T0 + SECOND);
    CHECK_EQ_INT(line_count(), 3);
    CHECK(has(line(0), "\"keys\":1,\"records\":1"));
    CHECK(span_is(line(1),
                  "{\"v\":1,\"op\":\"put\",\"sequence\":2,\"namespace\":\"shop\",\"workload\":"
                  "\"web\",\"version\":1,\"created\":\"2026-11-24T20:15:30.123456Z\",\"updated\":"
                  "\"2026-11-24T20:15:30.123456Z\",\"notBefore\":\"now\",\"expires\":\"never\","
                  "\"value\":\"hunter2\"}"));
    CHECK(span_is(line(2), "{\"end\":1}"));
    CHECK(memmem(sealed.data, sealed.length, "hunter2", 7) == NULL);
    CHECK(memmem(sealed.data, sealed.length, "shop", 4) == NULL);
    end();
}

TEST(of_many_in_many_pieces)
{
    enum { MANY = 1000 };
    char key[32], value[512];
    unsigned pieces;
    begin(4 * ARENA_MIB, MANY, 3);
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    for (int round = 0; round < 4; round++) /* one more version than is kept */
        for (int i = 0; i < MANY; i += round + 1) {
            snprintf(key, sizeof key, "app/w%d", i);
            put(key, value, T0 + round);
        }
    uint64_t before = arenas_blocks(stores.arena);
    struct backup *backup = start(T0 + 9);
    CHECK_EQ_INT(backups_drain(backup, &sealed, &pieces), 0);
    CHECK(pieces > 10);
    CHECK_EQ_INT(sealed.length, backup_size(backup));
    backup_free(backup);
    CHECK_EQ_INT(arenas_blocks(stores.arena), before);
    CHECK_EQ_INT(backups_open(keyring_identity(stores.keyring), &sealed, &plain), 0);
    /* Every twelfth has been put four times, and three are kept. */
    unsigned records = 1000 + 500 + 334 + 250 - 84;
    CHECK_EQ_INT(line_count(), records + 2);
    snprintf(key, sizeof key, "\"records\":%u}", records);
    CHECK(has(line(0), key));
    end();
}

TEST(versions_of_a_key_are_in_order)
{
    begin(ARENA_MIB, 10, 3);
    for (int i = 1; i <= 5; i++) {
        char value[16];
        snprintf(value, sizeof value, "v%d", i);
        put("a/b", value, T0 + i);
        put("a/c", "other", T0 + i);
    }
    make(T0 + SECOND);
    CHECK_EQ_INT(line_count(), 8);
    CHECK_LINE(1, "\"workload\":\"b\"", "\"version\":3", "\"value\":\"v3\"");
    CHECK_LINE(3, "\"workload\":\"b\"", "\"version\":4", "\"value\":\"v4\"");
    CHECK_LINE(5, "\"workload\":\"b\"", "\"version\":5", "\"value\":\"v5\"");
    end();
}

/* The size was told before anything of it was read: each value's length must be known in advance.
 */
TEST(size_is_told_for_values_of_every_length)
{
    enum { CHUNK = AGE_PAYLOAD_CHUNK };
    static const size_t lengths[] = {1,         2,     3,         1000,       CHUNK - 250,
                                     CHUNK - 1, CHUNK, CHUNK + 1, LIMIT_VALUE};
    static const char fills[] = {'v', '"', '\x01', '\0', '\xff'};
    char *value = malloc(LIMIT_VALUE);
    begin(32 * ARENA_MIB, 10, 2);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        for (size_t j = 0; j < sizeof fills; j++) {
            memset(value, fills[j], lengths[i]);
            CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){value, lengths[i]}, T0), 0);
            make(T0);
            CHECK_EQ_INT(line_count(), i + j ? 4 : 3);
        }
    free(value);
    end();
}

/* Around the edge of a chunk, where the length of a payload is not a plain sum. */
TEST(size_is_told_around_a_chunk)
{
    char *value = malloc(AGE_PAYLOAD_CHUNK);
    memset(value, 'v', AGE_PAYLOAD_CHUNK);
    begin(4 * ARENA_MIB, 10, 1);
    for (size_t length = AGE_PAYLOAD_CHUNK - 260; length < AGE_PAYLOAD_CHUNK - 180; length++) {
        CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){value, length}, T0), 0);
        make(T0);
        CHECK(line(1).length > length && has(line(1), "\"value\":\"vvv"));
    }
    free(value);
    end();
}

TEST(expired_versions_come_along_without_their_values)
{
    begin(ARENA_MIB, 10, 10);
    put_until("a/b", "first", T0 + SECOND, T0);
    change_expire(stores.store, T0 + SECOND);
    make(T0 + SECOND);
    CHECK_EQ_INT(line_count(), 3);
    CHECK_LINE(1, "\"op\":\"expire\"", "\"version\":1");
    CHECK(!has(line(1), "value"));
    put("a/b", "second", T0 + 2 * SECOND);
    make(T0 + 2 * SECOND);
    CHECK_EQ_INT(line_count(), 4);
    CHECK_LINE(1, "\"op\":\"expire\"", "\"version\":1");
    CHECK_LINE(2, "\"op\":\"put\"", "\"value\":\"second\"");
    end();
}

/* Seen to be expired by a reader, then replaced before the sweep put that on record. */
TEST(version_that_expired_unrecorded_is_no_line_of_blanks)
{
    begin(ARENA_MIB, 10, 10);
    put_until("a/b", "first", T0 + SECOND, T0);
    CHECK_EQ_INT(
        store_readable(stores.store, store_find(stores.store, span_of("a/b")), T0 + SECOND),
        VALIDITY_EXPIRED);
    put("a/b", "second", T0 + 2 * SECOND);
    make(T0 + 2 * SECOND);
    CHECK_EQ_INT(line_count(), 4);
    CHECK_LINE(1, "\"version\":1", "\"expires\":\"2026-11-24T20:15:31.123456Z\"");
    CHECK_LINE(2, "\"version\":2");
    struct record record; /* and its value is gone, also when the clock goes back */
    CHECK_EQ_INT(store_read(stores.store, span_of("a/b"), 1, T0, &record), -ESTALE);
    end();
}

/* ---- one moment ------------------------------------------------------------------------------ */

static void rewrite(const struct age_recipient *to)
{
    uint64_t ticket;
    CHECK_EQ_INT(rewrite_begin(stores.store, to, NULL, T0, &ticket), 0);
}

static void change_everything(unsigned piece)
{
    uint64_t ticket;
    char key[32];
    if (piece == 0)
        put("new/one", "not in it", T0 + SECOND);
    if (piece == 1)
        CHECK_EQ_INT(stores_delete(&stores, "app/w299", T0 + SECOND), 0);
    if (piece == 2)
        rewrite(NULL);
    if (piece == 3)
        for (unsigned i = 0; i < 300; i += 7) {
            snprintf(key, sizeof key, "app/w%u", i);
            CHECK(i == 299 || stores_put(&stores, key, span_of("changed"), T0 + SECOND) == 0);
        }
    if (piece == 4)
        CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), 0);
    if (piece == 5)
        rewrite(NULL);
}

TEST(is_of_one_moment_whatever_happens_meanwhile)
{
    enum { SIZE = 3000 };
    char key[32], value[SIZE + 1];
    unsigned count = 0, i;
    begin(16 * ARENA_MIB, 400, 2);
    struct age_identity was = *keyring_identity(stores.keyring);
    memset(value, 'v', SIZE);
    value[SIZE] = '\0';
    for (i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "app/w%u", i);
        put(key, value, T0);
    }
    struct backup *backup = start(T0);
    struct span piece;
    do {
        CHECK_EQ_INT(backup_next(backup, &piece), 0);
        if (piece.length)
            backups_keep(&sealed, piece.data, piece.length);
        change_everything(count++);
    } while (piece.length);
    CHECK(count > 8);
    CHECK(memcmp(&was, keyring_identity(stores.keyring), sizeof was) != 0);
    CHECK_EQ_INT(sealed.length, backup_size(backup));
    backup_free(backup);
    CHECK_EQ_INT(backups_open(&was, &sealed, &plain), 0);
    CHECK_EQ_INT(line_count(), 302);
    for (i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "\"w%u\"", i);
        CHECK_LINE(i + 1, key, "\"version\":1,", "\"value\":\"vvvv");
    }
    CHECK(backups_open(keyring_identity(stores.keyring), &sealed, &plain) < 0);
    make(T0 + 2 * SECOND); /* the control: what is there now is another thing, under another key */
    CHECK(!has((struct span){plain.data, plain.length}, "\"w299\""));
    CHECK(has((struct span){plain.data, plain.length}, "not in it"));
    end();
}

/* ---- for whom -------------------------------------------------------------------------------- */

TEST(several_recipients)
{
    struct age_identity identities[3], stranger;
    struct age_recipient to[LIMIT_AGE_RECIPIENTS + 1];
    struct backup *backup;
    begin(ARENA_MIB, 10, 10);
    put("a/b", "hunter2", T0);
    age_key_generate(&stranger);
    for (size_t i = 0; i < LIMIT_AGE_RECIPIENTS + 1; i++) {
        age_key_generate(&identities[i % 3]);
        to[i] = identities[i % 3].recipient;
    }
    for (size_t i = 0; i < 3; i++)
        to[i] = identities[i].recipient;
    CHECK_EQ_INT(backup_new(stores.store, to, 3, T0, &backup), 0);
    for (size_t i = 0; i < 3; i++) {
        if (i == 0)
            finish(backup, &identities[i]);
        CHECK_EQ_INT(backups_open(&identities[i], &sealed, &plain), 0);
        CHECK(has(line(1), "hunter2"));
    }
    CHECK_EQ_INT(backups_open(&stranger, &sealed, &plain), -ENOKEY);
    CHECK_EQ_INT(backups_open(keyring_identity(stores.keyring), &sealed, &plain), -ENOKEY);
    uint64_t before = arenas_blocks(stores.arena);
    CHECK_EQ_INT(backup_new(stores.store, to, 0, T0, &backup), -EINVAL);
    CHECK_EQ_INT(backup_new(stores.store, to, LIMIT_AGE_RECIPIENTS + 1, T0, &backup), -EINVAL);
    CHECK_EQ_INT(arenas_blocks(stores.arena), before);
    end();
}

/* ---- what cannot be read --------------------------------------------------------------------- */

static struct journal_place past_place(const char *key, unsigned row)
{
    const struct entry *entry = table_find(stores.store->entries, span_of(key));
    CHECK(entry && row < entry->past_count);
    return entry->past[row].place;
}

static void overwrite(uint64_t offset, const void *data, size_t length)
{
    int fd = open(scratch_path(PROTOCOL_STATE_LOG), O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, data, length, (off_t)offset) == (ssize_t)length);
    close(fd);
}

static void check_blank(unsigned number, unsigned others)
{
    struct span blank = line(number);
    CHECK(blank.length > 100);
    for (size_t i = 0; i < blank.length; i++)
        CHECK_EQ_INT(blank.data[i], ' ');
    for (unsigned i = 0; i < others + 3; i++)
        CHECK(i == number || line(i).data[0] == '{');
    CHECK_EQ_INT(line_count(), others + 3);
}

TEST(version_that_was_tampered_with_is_blank_and_the_rest_is_whole)
{
    begin(ARENA_MIB, 10, 10);
    put("a/b", "first", T0);
    put("a/b", "second", T0 + 1);
    put("a/b", "third", T0 + 2);
    struct journal_place place = past_place("a/b", 1);
    overwrite(place.offset + place.size - 3, "x", 1);
    make(T0 + SECOND);
    check_blank(2, 2);
    CHECK(has(line(0), "\"records\":3}") && span_is(line(4), "{\"end\":3}"));
    CHECK_LINE(1, "first");
    CHECK_LINE(3, "third");
    end();
}

/* What the log says of B is put where A's past was: it opens, and is another record. */
TEST(version_that_was_replaced_by_another_is_blank)
{
    begin(ARENA_MIB, 10, 10);
    put("a/a", "first", T0);
    put("a/a", "second", T0 + 1);
    put("a/b", "fr1st", T0);
    put("a/b", "s3cond", T0 + 1);
    struct journal_place from = past_place("a/b", 0), to = past_place("a/a", 0);
    CHECK_EQ_INT(from.size, to.size);
    struct journal_file *file = journal_file_ref(stores.store->journal);
    struct journal_frame frame;
    char *data;
    CHECK_EQ_INT(journal_read(file, from, &data, &frame), 0);
    journal_file_unref(file);
    /* Its label is kept, its frame is as sound as one who can write the file can make it. */
    stores_close(&stores);
    int fd = open(scratch_path(PROTOCOL_STATE_LOG), O_RDWR | O_CLOEXEC);
    static unsigned char old[512];
    CHECK(fd >= 0 && pread(fd, old, to.size, (off_t)to.offset) == (ssize_t)to.size);
    size_t payload = frame.payload.length;
    memcpy(old + to.size - payload, frame.payload.data, payload);
    struct format_frame header;
    CHECK_EQ_INT(format_read_frame(old, to.offset, &header), 0);
    header.body_crc = crc32c_update(0, old + FORMAT_FRAME, header.body);
    format_write_frame(&header, to.offset, old);
    CHECK(pwrite(fd, old, to.size, (off_t)to.offset) == (ssize_t)to.size);
    close(fd);
    free(data);
    CHECK_EQ_INT(stores_open(&stores, 10, 10, T0), 0);
    make(T0 + SECOND);
    check_blank(1, 3);
    CHECK_LINE(3, "fr1st");
    end();
}

/* ---- memory ---------------------------------------------------------------------------------- */

TEST(gives_everything_back_at_any_instant)
{
    char *value = malloc(LIMIT_VALUE);
    struct span piece;
    memset(value, 'v', LIMIT_VALUE);
    begin(8 * ARENA_MIB, 10, 10);
    CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){value, 200000}, T0), 0);
    put("a/c", "x", T0);
    uint64_t before = arenas_blocks(stores.arena);
    for (unsigned pieces = 0; pieces < 6; pieces++) {
        struct backup *backup = start(T0);
        CHECK(arenas_blocks(stores.arena) > before);
        for (unsigned i = 0; i < pieces; i++)
            CHECK_EQ_INT(backup_next(backup, &piece), 0);
        backup_free(backup);
        CHECK_EQ_INT(arenas_blocks(stores.arena), before);
    }
    backup_free(NULL);
    free(value);
    end();
}

/* No room for a backup at all, then none for one of its lines. */
TEST(full_arena_is_said)
{
    enum { BIG = 100000 };
    char *value = malloc(BIG);
    struct backup *backup;
    struct span piece;
    void *blocks[64];
    size_t count = 0;
    int r = 0;
    memset(value, 'v', BIG);
    begin(2 * ARENA_MIB, 10, 2);
    CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){value, BIG}, T0), 0);
    CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){value, BIG}, T0), 0);
    backup = start(T0);
    while (count < 64 && (blocks[count] = arena_alloc(stores.arena, BIG)))
        count++;
    CHECK(count > 4 && count < 64);
    for (int i = 0; i < 4 && r == 0; i++)
        r = backup_next(backup, &piece);
    CHECK_EQ_INT(r, -ENOSPC);
    backup_free(backup);
    void *rest = arena_alloc(stores.arena, 66000), *last = arena_alloc(stores.arena, 66000);
    CHECK_EQ_INT(backup_new(stores.store, keyring_recipient(stores.keyring), 1, T0, &backup),
                 -ENOSPC);
    arena_free(stores.arena, rest);
    arena_free(stores.arena, last);
    while (count)
        arena_free(stores.arena, blocks[--count]);
    make(T0);
    CHECK_EQ_INT(line_count(), 4);
    free(value);
    end();
}

CHECK_MAIN
