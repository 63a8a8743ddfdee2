/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/seal.h"

#include <errno.h>

#include "crypto/age.h"
#include "limits.h"
#include "store/json.h"
#include "store/record.h"
#include "tests/unit/arenas.h"
#include "tests/unit/journals.h"

#define T0 INT64_C(1795551330123456)

static struct arena *arena;
static struct seal *seal;
static struct journal *journal;
static struct age_identity identity;
static struct error error;
static int dir;

static void begin(void)
{
    arena = arenas_new(4 * ARENA_MIB);
    json_use(arena);
    dir = journals_directory(JOURNALS_MEMORY);
    age_key_generate(&identity);
    CHECK_EQ_INT(seal_new(arena, &identity.recipient, &seal), 0);
    CHECK_EQ_INT(journal_create(dir, "log", seal_preface(seal), 5, &journal, &error), 0);
}

static void end(void)
{
    journal_close(journal);
    seal_unref(seal);
    seal_unref(NULL);
    close(dir);
    json_use(NULL);
    arenas_done(arena);
}

static struct record put_of(struct span value)
{
    return (struct record){.op = RECORD_PUT,
                           .version = 3,
                           .created_us = T0 - 1,
                           .updated_us = T0,
                           .validity = VALIDITY_ALWAYS,
                           .key = SPAN_LITERAL("a/b"),
                           .value = value};
}

static struct journal_place sealed(struct span value)
{
    struct record record = put_of(value);
    struct journal_place place;
    uint64_t sequence = journal_next_sequence(journal);
    CHECK_EQ_INT(seal_record(seal, &record, journal, &place), 0);
    CHECK_EQ_INT(record.sequence, sequence);
    CHECK_EQ_INT(journal_write(journal, 1), 0);
    return place;
}

static int read_back(struct seal *with, struct journal_place place, struct record *ret)
{
    struct journal_file *file = journal_file_ref(journal);
    int r = seal_read(with, file, place, ret);
    journal_file_unref(file);
    return r;
}

TEST(there_and_back)
{
    struct record back;
    begin();
    uint64_t blocks = arenas_blocks(arena);
    struct journal_place place = sealed(SPAN_LITERAL("the value"));
    CHECK_EQ_INT(arenas_blocks(arena), blocks); /* no plaintext stays behind */
    CHECK_EQ_INT(read_back(seal, place, &back), 0);
    CHECK(span_is(back.value, "the value") && span_is(back.key, "a/b"));
    CHECK(back.sequence == 5 && back.version == 3 && back.op == RECORD_PUT);
    CHECK(back.created_us == T0 - 1 && back.updated_us == T0);
    CHECK(arena_owns(arena, back.value.data));
    record_done(arena, &back);
    CHECK_EQ_INT(arenas_blocks(arena), blocks);
    end();
}

TEST(holders)
{
    begin();
    uint64_t blocks = arenas_blocks(arena);
    CHECK(seal_ref(seal) == seal);
    seal_unref(seal);
    CHECK_EQ_INT(arenas_blocks(arena), blocks);
    struct record back;
    CHECK_EQ_INT(read_back(seal, sealed(SPAN_LITERAL("v")), &back), 0);
    record_done(arena, &back);
    CHECK_MEM(seal_recipient(seal), &identity.recipient, sizeof identity.recipient);
    end();
}

TEST(opened_again_with_the_identity)
{
    struct age_identity keys[3];
    struct seal *again;
    struct record back;
    size_t which = 7;
    begin();
    struct journal_place place = sealed(SPAN_LITERAL("v"));
    age_key_generate(&keys[0]);
    age_key_generate(&keys[1]);
    keys[2] = identity;
    struct span preface = seal_preface(seal);
    CHECK_EQ_INT(seal_open(arena, preface, keys, 2, &which, &again, &error), -ENOKEY);
    CHECK_EQ_INT(seal_open(arena, preface, keys, 3, &which, &again, &error), 0);
    CHECK_EQ_INT(which, 2);
    CHECK_MEM(seal_recipient(again), &identity.recipient, sizeof identity.recipient);
    CHECK(span_equal(seal_preface(again), preface));
    CHECK_EQ_INT(read_back(again, place, &back), 0);
    record_done(arena, &back);
    seal_unref(again);
    end();
}

TEST(prefaces_that_are_none)
{
    char preface[LIMIT_PREFACE + 1];
    struct seal *again;
    size_t which;
    begin();
    uint64_t blocks = arenas_blocks(arena);
    struct span real = seal_preface(seal);
    memcpy(preface, real.data, real.length);
    for (size_t i = 0; i < real.length; i++) {
        preface[i] ^= 1;
        CHECK(seal_open(arena, (struct span){preface, real.length}, &identity, 1, &which, &again,
                        &error) < 0);
        preface[i] ^= 1;
        CHECK(seal_open(arena, (struct span){preface, i}, &identity, 1, &which, &again, &error) <
              0);
    }
    memset(preface, 'x', sizeof preface);
    CHECK_EQ_INT(seal_open(arena, (struct span){preface, sizeof preface}, &identity, 1, &which,
                           &again, &error),
                 -EINVAL);
    CHECK_EQ_INT(arenas_blocks(arena), blocks);
    CHECK_EQ_INT(seal_open(arena, real, &identity, 1, &which, &again, &error), 0);
    seal_unref(again);
    end();
}

/* Preface and one sealed record are an age file: whoever has the key needs no program of ours. */
TEST(one_record_is_an_age_file)
{
    struct journal_frame frame;
    char *data, *plain;
    size_t length;
    begin();
    struct journal_place place = sealed(SPAN_LITERAL("for age -d"));
    struct journal_file *file = journal_file_ref(journal);
    CHECK_EQ_INT(journal_read(file, place, &data, &frame), 0);
    struct span preface = seal_preface(seal);
    CHECK(preface.length > 40 && memcmp(preface.data, "age-encryption.org/v1\n", 22) == 0);
    CHECK_EQ_INT(seal_open_payload(seal, &frame, &plain, &length), 0);
    CHECK(memmem(plain, length, "for age -d", 10) != NULL);
    CHECK(memmem(frame.payload.data, frame.payload.length, "for age -d", 10) == NULL);
    arena_free(arena, plain);
    free(data);
    journal_file_unref(file);
    end();
}

/* No change of sealed bytes, label or sequence opens. */
TEST(no_bit_may_change)
{
    struct journal_frame frame;
    struct record back;
    char *data;
    begin();
    struct journal_place place = sealed(SPAN_LITERAL("v"));
    struct journal_file *file = journal_file_ref(journal);
    CHECK_EQ_INT(journal_read(file, place, &data, &frame), 0);
    uint64_t blocks = arenas_blocks(arena);
    CHECK_EQ_INT(seal_open_record(seal, &frame, &back), 0);
    record_done(arena, &back);
    for (size_t i = 0; i < frame.payload.length; i++) {
        char *byte = (char *)(uintptr_t)frame.payload.data + i;
        *byte ^= 0x10;
        CHECK_EQ_INT(seal_open_record(seal, &frame, &back), -EBADMSG);
        *byte ^= 0x10;
    }
    struct journal_frame other = frame;
    for (other.payload.length = 0; other.payload.length < frame.payload.length;
         other.payload.length++)
        CHECK_EQ_INT(seal_open_record(seal, &other, &back), -EBADMSG);
    static const char *const labels[] = {"put a/c 3 2026-11-24T20:15:30.123456Z now never",
                                         "put a/b 4 2026-11-24T20:15:30.123456Z now never",
                                         "expire a/b 3 2026-11-24T20:15:30.123456Z now never",
                                         "put a/b 3 2026-11-24T20:15:30.123457Z now never",
                                         "put a/b 3 2026-11-24T20:15:30.123456Z now now",
                                         "put a/b 3",
                                         ""};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        other = frame;
        other.meta = span_of(labels[i]);
        CHECK_EQ_INT(seal_open_record(seal, &other, &back), -EBADMSG);
    }
    other = frame;
    other.sequence++;
    CHECK_EQ_INT(seal_open_record(seal, &other, &back), -EBADMSG);
    CHECK_EQ_INT(seal_open_record(seal, &frame, &back), 0);
    record_done(arena, &back);
    CHECK_EQ_INT(arenas_blocks(arena), blocks);
    free(data);
    journal_file_unref(file);
    end();
}

TEST(another_log_s_record)
{
    struct seal *other;
    struct record back;
    begin();
    struct journal_place place = sealed(SPAN_LITERAL("v"));
    CHECK_EQ_INT(seal_new(arena, &identity.recipient, &other), 0); /* the same owner */
    CHECK_EQ_INT(read_back(other, place, &back), -EBADMSG);
    CHECK_EQ_INT(read_back(seal, place, &back), 0);
    record_done(arena, &back);
    seal_unref(other);
    end();
}

TEST(full_arena)
{
    static char big[200000];
    struct seal *none;
    struct journal_place place;
    begin();
    memset(big, 'x', sizeof big);
    struct record record = put_of((struct span){big, sizeof big});
    void *blocks[64];
    size_t count = 0;
    while (count < 64 && (blocks[count] = arena_alloc(arena, 100000)))
        count++;
    CHECK_EQ_INT(seal_record(seal, &record, journal, &place), -ENOSPC);
    while (count)
        arena_free(arena, blocks[--count]);
    CHECK_EQ_INT(seal_record(seal, &record, journal, &place), 0);
    void *first = NULL;
    for (void **block; (block = arena_alloc(arena, 16)); first = block)
        *block = first;
    CHECK_EQ_INT(seal_new(arena, &identity.recipient, &none), -ENOSPC);
    for (void *next; first; first = next) {
        next = *(void **)first;
        arena_free(arena, first);
    }
    end();
}

CHECK_MAIN
