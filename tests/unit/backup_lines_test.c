/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/backup_lines.h"

#include <errno.h>

#include "base/error.h"
#include "base/span.h"
#include "base/writer.h"
#include "limits.h"
#include "store/json.h"
#include "store/record.h"
#include "tests/unit/arenas.h"

#define SECRET "hunter2"
#define HEAD(records)                                                            \
    "{\"vsecmBackup\":1,\"created\":\"2026-11-24T22:27:42.505411Z\",\"keys\":1," \
    "\"records\":" #records "}\n"
#define END(records) "{\"end\":" #records "}\n"
#define TIMES                                                                                  \
    "\"created\":\"2026-11-24T20:15:30.123456Z\",\"updated\":\"2026-11-24T20:15:30.123456Z\"," \
    "\"notBefore\":\"now\",\"expires\":\"never\""
#define FRONT(op, version)  \
    "{\"v\":1,\"op\":\"" op \
    "\",\"sequence\":0,\"namespace\":\"a\",\"workload\":\"b\",\"version\":" version "," TIMES
#define PUT(version) FRONT("put", version) ",\"value\":\"" SECRET "\"}\n"
#define EXPIRE(version) FRONT("expire", version) "}\n"
#define BLANKS "                                        \n"

static struct arena *arena;
static struct error error;
static struct {
    unsigned count;
    uint64_t versions[8];
    int result; /* to be returned */
} taken;

static int take(void *context, const struct record *record)
{
    CHECK(context == &taken);
    CHECK(span_is(record->key, "a/b"));
    CHECK(record->op == RECORD_EXPIRE || span_is(record->value, SECRET));
    taken.versions[taken.count++] = record->version;
    return taken.result;
}

static void begin(size_t size)
{
    arena = arenas_new(size);
    json_use(arena);
    memset(&taken, 0, sizeof taken);
    error.text[0] = '\0';
}

static void end(void)
{
    json_use(NULL);
    arenas_done(arena);
}

/* What reading TEXT, PIECE bytes at a time, comes to; all memory is back and wiped. */
static int read_text(struct span text, size_t piece)
{
    struct backup_lines *lines = backup_lines_new(arena, take, &taken, &error);
    int r = 0;
    CHECK(lines != NULL);
    taken.count = 0;
    error.text[0] = '\0';
    for (size_t at = 0; at < text.length && r == 0; at += piece) {
        size_t length = text.length - at < piece ? text.length - at : piece;
        char *copy = malloc(length); /* ASan sees who reads behind it */
        memcpy(copy, text.data + at, length);
        r = backup_lines_write(lines, copy, length);
        free(copy);
    }
    if (r == 0)
        r = backup_lines_end(lines);
    backup_lines_free(lines);
    CHECK_EQ_INT(arenas_blocks(arena), 0);
    return r;
}

static int read_all(const char *text)
{
    return read_text(span_of(text), 1 << 20);
}

/* ---- what is read ---------------------------------------------------------------------------- */

TEST(pieces_of_every_size)
{
    static const char text[] = HEAD(3) PUT("1") EXPIRE("2") PUT("7") END(3);
    begin(ARENA_MIB);
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        CHECK_EQ_INT(read_text(span_of(text), piece), 0);
        CHECK_EQ_INT(taken.count, 3);
        CHECK(taken.versions[0] == 1 && taken.versions[1] == 2 && taken.versions[2] == 7);
    }
    backup_lines_free(NULL);
    end();
}

TEST(what_means_nothing)
{
    static const char *const rows[] = {
        HEAD(0) END(0),
        "\n\n" HEAD(1) "\n\n" PUT("1") "\n" END(1) "\n\n",
        "  " HEAD(1) "\t" PUT("1") " " END(1) "   ",
        BLANKS HEAD(1) PUT("1") END(1) BLANKS BLANKS,
        HEAD(1) PUT("1") "{\"end\":1}",      /* no newline at the end */
        HEAD(2) PUT("1") BLANKS END(2),      /* a version that could not be read */
        HEAD(2) BLANKS BLANKS "{\"end\":2}", /* or none could */
        HEAD(1) "\r\n" PUT("1") "{\"end\":1}\r\n",
        "{\"records\":1,\"vsecmBackup\":1,\"more\":[]}\n" PUT("1") "{ \"end\" : 1 }",
    };
    begin(ARENA_MIB);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t piece = 1; piece < 200; piece += 66) {
            int r = read_text(span_of(rows[i]), piece);
            if (r != 0)
                check_fail(__FILE__, __LINE__, "row %zu: %d: %s", i, r, error.text);
            CHECK_EQ_INT(taken.count, strstr(rows[i], SECRET) != NULL);
        }
    end();
}

/* ---- refusals -------------------------------------------------------------------------------- */

TEST(refusals)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "no end"},
        {"\n\n", "no end"},
        {HEAD(0), "no end"},
        {HEAD(1) PUT("1"), "no end"},
        {SECRET, "line 1 of the backup is not the head"},
        {"\n\n" SECRET, "line 3 of the backup is not the head"},
        {PUT("1") END(1), "line 1 of the backup is not the head"},
        {"[1]\n", "line 1 of the backup is not the head"},
        {"{\"vsecmBackup\":\"" SECRET "\"}\n", "line 1 of the backup is not the head"},
        {"{\"vsecmBackup\":2}\n", "line 1 of the backup says that another version"},
        {"{\"vsecmBackup\":1.5}\n", "line 1 of the backup says that another version"},
        {"{\"vsecmBackup\":1}\n" PUT("1") END(1), "promises -1"},
        {HEAD(1) HEAD(1), "line 2 of the backup: "},
        {HEAD(1) SECRET "\n", "line 2 of the backup: "},
        {HEAD(1) "{\"" SECRET "\":\"" SECRET "\"}\n", "line 2 of the backup: "},
        {HEAD(1) "{\"end\":\"" SECRET "\"}\n", "line 2 of the backup: "},
        {HEAD(1) "{\"end\":-1}\n", "line 2 of the backup: "},
        {HEAD(2) PUT("1") "\n" PUT("0"), "line 4 of the backup: "},
        {HEAD(1) FRONT("put", "1") ",\"value\":\"\"}\n", "line 2 of the backup: "},
        {HEAD(1) FRONT("put", "1") ",\"encoding\":\"" SECRET "\",\"value\":\"" SECRET "\"}\n",
         "line 2 of the backup: "},
        {HEAD(1) FRONT("put", "1") ",\"value\":\"" SECRET "\\ud800\"}\n", "line 2 of the backup: "},
        {HEAD(1) FRONT("put", "1") ",\"value\":\"" SECRET "\n", "line 2 of the backup: "},
        {HEAD(1) PUT("1") FRONT("delete", "2") "}\n", "line 3 of the backup has a deletion"},
        {HEAD(1) FRONT(SECRET, "1") "}\n", "line 2 of the backup: "},
        /* one is missing, in the middle or everywhere; or there is one too many */
        {HEAD(3) PUT("1") PUT("3") END(3), "has 2 records, its head promises 3 and its end 3"},
        {HEAD(3) PUT("1") PUT("3") END(2), "has 2 records, its head promises 3 and its end 2"},
        {HEAD(2) PUT("1") PUT("3") END(3), "has 2 records, its head promises 2 and its end 3"},
        {HEAD(2) END(2), "has 0 records"},
        {HEAD(1) PUT("1") PUT("2") END(1), "has 2 records"},
        {HEAD(1) BLANKS PUT("2") END(1), "has 2 records"},
        {HEAD(1) PUT("1") "{\"end\":1.5}\n", "has 1 records"},
        {HEAD(1) PUT("1") END(1) PUT("2"), "line 4 of the backup stands behind the end"},
        {HEAD(1) PUT("1") END(1) "\n\n" HEAD(0), "line 6 of the backup stands behind the end"},
        {HEAD(1) PUT("1") END(1) SECRET, "line 4 of the backup stands behind the end"},
    };
    begin(ARENA_MIB);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t piece = 1; piece < 1000; piece += 333) {
            int r = read_text(span_of(rows[i].text), piece);
            if (r != -EINVAL || !strstr(error.text, rows[i].why) || strstr(error.text, SECRET) ||
                strcasestr(error.text, "hunter"))
                check_fail(__FILE__, __LINE__, "row %zu: %d: %s", i, r, error.text);
            CHECK_EQ_INT(read_text(span_of(HEAD(1) PUT("1") END(1)), piece), 0);
        }
    end();
}

TEST(what_take_returns_ends_it)
{
    begin(ARENA_MIB);
    taken.result = -EDOM;
    CHECK_EQ_INT(read_all(HEAD(2) PUT("1") PUT("2") END(2)), -EDOM);
    CHECK_EQ_INT(taken.count, 1);
    taken.result = 0;
    CHECK_EQ_INT(read_all(HEAD(2) PUT("1") PUT("2") END(2)), 0);
    end();
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* HEAD, a line of SIZE bytes that FILL is in front of, behind it END. */
static int read_line(size_t size, char fill, size_t piece)
{
    static const char head[] = HEAD(1), record[] = PUT("1"), tail[] = END(1);
    size_t length = strlen(head) + size + strlen(tail) + 1;
    char *text = malloc(length);
    struct writer w = writer_on(text, length);
    writer_text(&w, head);
    memset(text + w.used, fill, size);
    w.used = w.needed = w.used + size;
    if (fill == ' ')
        memcpy(text + w.used - strlen(record) + 1, record, strlen(record) - 1);
    writer_literal(&w, "\n");
    writer_text(&w, tail);
    int r = read_text((struct span){text, w.used}, piece);
    free(text);
    return r;
}

TEST(longest_line)
{
    begin(16 * ARENA_MIB);
    for (size_t piece = 1000; piece < 70000; piece += 34000) {
        CHECK_EQ_INT(read_line(LIMIT_RECORD, ' ', piece), 0);
        CHECK_EQ_INT(read_line(LIMIT_RECORD + 1, ' ', piece), -EINVAL);
        CHECK_STR(error.text, "line 2 of the backup is longer than any record");
        CHECK_EQ_INT(read_line(8 * LIMIT_RECORD, 'x', piece), -EINVAL);
        CHECK_STR(error.text, "line 2 of the backup is longer than any record");
    }
    end();
}

TEST(full_arena_is_said)
{
    begin(ARENA_MIB);
    CHECK_EQ_INT(read_line(LIMIT_RECORD, ' ', 65536), -ENOSPC);
    CHECK_EQ_INT(read_line(100000, ' ', 65536), 0);
    void *all[64];
    size_t count = 0;
    while (count < 64 && (all[count] = arena_alloc(arena, 40000)))
        count++;
    struct backup_lines *lines = backup_lines_new(arena, take, &taken, &error);
    char *blanks = malloc(100000);
    memset(blanks, ' ', 100000);
    CHECK_EQ_INT(backup_lines_write(lines, blanks, 100000), -ENOSPC);
    free(blanks);
    backup_lines_free(lines);
    while (count)
        arena_free(arena, all[--count]);
    end();
}

/* What a line was is nowhere in the arena afterwards, whole lines and halves. */
TEST(wipes)
{
    begin(ARENA_MIB);
    char *probe = arena_alloc(arena, 60000);
    arena_free(arena, probe);
    for (size_t piece = 1; piece < 1000; piece += 333) {
        CHECK_EQ_INT(read_text(span_of(HEAD(1) PUT("1") END(1)), piece), 0);
        CHECK_EQ_INT(read_text(span_of(HEAD(1) FRONT("put", "1") ",\"value\":\"" SECRET), piece),
                     -EINVAL);
        CHECK(arenas_is_wiped(probe, 60000));
    }
    struct backup_lines *lines = backup_lines_new(arena, take, &taken, &error);
    CHECK_EQ_INT(backup_lines_write(lines, "half a line", 11), 0);
    CHECK(!arenas_is_wiped(probe, 60000)); /* the control: that is where lines are */
    backup_lines_free(lines);
    CHECK(arenas_is_wiped(probe, 60000));
    end();
}

CHECK_MAIN
