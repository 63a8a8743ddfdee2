/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/sealed_record.h"

#include <errno.h>
#include <stdlib.h>

#include "crypto/age_whole.h"
#include "store/json.h"
#include "store/record.h"
#include "tests/unit/arenas.h"

#define T0 INT64_C(1795551330123456)

static struct arena *arena;
static struct age_identity own;

static void begin(void)
{
    arena = arenas_new(16 * ARENA_MIB);
    json_use(arena);
    age_key_generate(&own);
}

static void end(void)
{
    json_use(NULL);
    arenas_done(arena);
}

static struct record record_of(struct span value)
{
    return (struct record){.op = RECORD_PUT,
                           .version = 1764000000,
                           .created_us = T0,
                           .updated_us = T0 + 1,
                           .validity = {T0, T0 + 2},
                           .key = SPAN_LITERAL("a/b"),
                           .value = value,
                           .template = SPAN_LITERAL("{{.x}}"),
                           .format = SPAN_LITERAL("json")};
}

static void check_comes_back(struct span value)
{
    const struct record record = record_of(value);
    struct record back;
    char *sealed = NULL;
    size_t length = 0;
    CHECK_EQ_INT(sealed_record_write(arena, &record, &own.recipient, &sealed, &length), 0);
    CHECK(length > 35 && memcmp(sealed, "-----BEGIN AGE ENCRYPTED FILE-----\n", 35) == 0);
    CHECK_EQ_INT(sealed_record_read(arena, (struct span){sealed, length}, &own, 1, &back), 0);
    CHECK(span_equal(back.key, record.key) && span_equal(back.value, value));
    CHECK(span_equal(back.template, record.template) && span_equal(back.format, record.format));
    CHECK(back.version == record.version && back.created_us == T0 && back.updated_us == T0 + 1);
    CHECK(back.validity.not_before_us == T0 && back.validity.expires_us == T0 + 2);
    record_done(arena, &back);
    free(sealed);
}

TEST(what_was_written_is_read)
{
    static char large[LIMIT_VALUE];
    begin();
    check_comes_back(SPAN_LITERAL("hunter2"));
    check_comes_back(SPAN_LITERAL("\0\xff bytes"));
    memset(large, 'x', sizeof large);
    check_comes_back((struct span){large, sizeof large});
    end();
}

/* What TEXT, sealed, is read as. */
static int read_text(const char *text)
{
    static char sealed[8192];
    struct record back;
    size_t length = 0;
    struct age_whole_seal *work = arena_alloc(arena, sizeof *work);
    CHECK(age_whole_size(strlen(text)) <= sizeof sealed);
    CHECK_EQ_INT(age_whole_seal(work, span_of(text), &own.recipient, sealed, &length), 0);
    arena_free(arena, work);
    int r = sealed_record_read(arena, (struct span){sealed, length}, &own, 1, &back);
    if (r == 0)
        record_done(arena, &back);
    return r;
}

#define FRONT "{\"v\":1,\"op\":\"put\",\"sequence\":"
#define NAME ",\"namespace\":\"a\",\"workload\":\"b\",\"version\":"
#define TIMES                                                                     \
    ",\"created\":\"2026-11-24T20:15:30Z\",\"updated\":\"2026-11-24T20:15:30Z\"," \
    "\"notBefore\":\"now\",\"expires\":\"never\","

TEST(what_is_no_version_of_a_secret)
{
    begin();
    CHECK_EQ_INT(read_text(FRONT "0" NAME "3" TIMES "\"value\":\"x\"}"), 0);
    CHECK_EQ_INT(read_text(FRONT "7" NAME "3" TIMES "\"value\":\"x\"}"), -EBADMSG); /* a log's */
    CHECK_EQ_INT(read_text(FRONT "0" NAME "0" TIMES "\"value\":\"x\"}"), -EBADMSG);
    CHECK_EQ_INT(read_text(FRONT "0" NAME "3" TIMES "\"value\":\"\"}"), -EBADMSG);
    CHECK_EQ_INT(
        read_text("{\"v\":1,\"op\":\"delete\",\"sequence\":0" NAME "3" TIMES "\"value\":\"x\"}"),
        -EBADMSG);
    CHECK_EQ_INT(read_text("hunter2"), -EBADMSG);
    CHECK_EQ_INT(read_text(""), -EBADMSG);
    end();
}

TEST(others_damage_and_no_room)
{
    const struct record record = record_of(SPAN_LITERAL("hunter2"));
    struct age_identity other;
    struct record back;
    char *sealed;
    size_t length;
    begin();
    age_key_generate(&other);
    CHECK_EQ_INT(sealed_record_write(arena, &record, &own.recipient, &sealed, &length), 0);
    struct span whole = {sealed, length};
    CHECK_EQ_INT(sealed_record_read(arena, whole, &other, 1, &back), -ENOKEY);
    for (size_t i = 0; i < length; i += 3) {
        sealed[i] ^= 1;
        int r = sealed_record_read(arena, whole, &own, 1, &back);
        CHECK(r == -EBADMSG || r == -ENOKEY);
        sealed[i] ^= 1;
    }
    free(sealed);
    end();
    arena = arenas_new(64u * 1024);
    CHECK_EQ_INT(sealed_record_write(arena, &record, &own.recipient, &sealed, &length), -ENOSPC);
    arenas_done(arena);
}

CHECK_MAIN
