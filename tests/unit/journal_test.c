/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal.h"

#include "base/clock.h"
#include "limits.h"
#include "tests/unit/journals.h"

static struct journals_seen seen;
static struct journal_report report;
static struct journal *journal;
static int dir;

static void begin(void)
{
    dir = journals_directory(JOURNALS_DISK);
    journal = journals_new(dir, JOURNALS_NAME);
}

static void end(void)
{
    journal_close(journal);
    journal = NULL;
    close(dir);
}

static int reopen(void)
{
    journal_close(journal);
    return journals_open(dir, &seen, &report, &journal);
}

/* The log has records 1 to COUNT. */
static void check_records(size_t count)
{
    CHECK_EQ_INT(reopen(), 0);
    CHECK_EQ_INT(seen.count, count);
    CHECK_EQ_INT(report.frames, count);
    for (size_t i = 0; i < count; i++)
        CHECK_EQ_INT(seen.numbers[i], i + 1);
}

static void check_preface(const char *name, const char *expected)
{
    char *preface;
    size_t length;
    struct error error = {""};
    CHECK_EQ_INT(journal_read_preface(dir, name, &preface, &length, &error), 0);
    CHECK(span_is((struct span){preface, length}, expected));
    free(preface);
}

/* ---- life --------------------------------------------------------------------------------------
 */

TEST(an_empty_log)
{
    begin();
    check_preface(JOURNALS_NAME, "preface");
    check_records(0);
    CHECK_EQ_INT(report.cut, 0);
    struct stat st;
    CHECK(fstatat(dir, JOURNALS_NAME, &st, 0) == 0 && (st.st_mode & 07777) == 0600);
    CHECK(faccessat(dir, "new", F_OK, 0) < 0 && errno == ENOENT);
    end();
    journal_close(NULL);
    journal_file_unref(NULL);
}

TEST(records_come_back_in_order)
{
    begin();
    CHECK_EQ_INT(journals_append(journal, 1, 1), 0);
    CHECK_EQ_INT(journals_append(journal, 2, 3), 0);
    CHECK_EQ_INT(journals_append(journal, 5, 200), 0); /* several system calls */
    uint64_t next = journal_next_sequence(journal);
    check_records(204);
    for (size_t i = 1; i < seen.count; i++)
        CHECK(seen.sequences[i] > seen.sequences[i - 1]);
    CHECK_EQ_INT(journal_next_sequence(journal), next);
    CHECK_EQ_INT(journals_append(journal, 205, 2), 0);
    check_records(206);
    end();
}

TEST(a_batch_of_several_writes)
{
    begin();
    CHECK_EQ_INT(journals_append(journal, 1, 1), 0);
    CHECK_EQ_INT(journals_reserve(journal, 2, NULL), 0);
    CHECK_EQ_INT(journal_write(journal, 0), 0);
    uint64_t before = journal_end(journal);
    CHECK_EQ_INT(journals_reserve(journal, 3, NULL), 0);
    CHECK_EQ_INT(journal_write(journal, 0), 0);
    CHECK_EQ_INT(journal_checkpoint(journal, 1), -EBUSY);
    CHECK_EQ_INT(journal_end(journal), before);
    CHECK_EQ_INT(journals_append(journal, 4, 1), 0);
    CHECK(journal_end(journal) > before);
    check_records(4);
    CHECK_EQ_INT(journals_reserve(journal, 5, NULL), 0);
    CHECK_EQ_INT(journal_write(journal, 0), 0);
    check_records(4); /* the unfinished one is not there */
    CHECK(report.cut > 0);
    end();
}

TEST(places_hold)
{
    struct journal_place places[3];
    begin();
    CHECK_EQ_INT(journals_append(journal, 1, 5), 0);
    for (uint64_t i = 0; i < 3; i++)
        CHECK_EQ_INT(journals_reserve(journal, 6 + i, &places[i]), 0);
    CHECK_EQ_INT(journal_write(journal, 1), 0);
    struct journal_file *file = journal_file_ref(journal);
    CHECK_EQ_INT(reopen(), 0);
    for (uint64_t i = 0; i < 3; i++) {
        char *data;
        struct journal_frame frame;
        CHECK_EQ_INT(seen.places[5 + i].offset, places[i].offset);
        CHECK_EQ_INT(seen.places[5 + i].size, places[i].size);
        CHECK_EQ_INT(journal_read(file, places[i], &data, &frame), 0);
        CHECK_EQ_INT(journals_number(&frame), 6 + i);
        CHECK_EQ_INT(frame.sequence, seen.sequences[5 + i]);
        free(data);
        places[i].offset++;
        CHECK_EQ_INT(journal_read(file, places[i], &data, &frame), -EUCLEAN);
        places[i].offset--;
        places[i].size++;
        CHECK_EQ_INT(journal_read(file, places[i], &data, &frame), -EUCLEAN);
        places[i].size = 3;
        CHECK_EQ_INT(journal_read(file, places[i], &data, &frame), -EUCLEAN);
    }
    journal_file_unref(file);
    end();
}

TEST(limits)
{
    static char meta[LIMIT_META + 1];
    unsigned char *payload;
    struct journal_place place;
    begin();
    CHECK_EQ_INT(journal_reserve(journal, (struct span){meta, sizeof meta}, 1, &payload, &place),
                 -EMSGSIZE);
    CHECK_EQ_INT(journal_reserve(journal, SPAN_LITERAL("1"), LIMIT_RECORD + 1, &payload, &place),
                 -EMSGSIZE);
    CHECK_EQ_INT(journal_write(journal, 1), -EINVAL);
    CHECK_EQ_INT(
        journal_reserve(journal, (struct span){meta, LIMIT_META}, LIMIT_RECORD, &payload, &place),
        0);
    journals_fill(payload, 1, LIMIT_RECORD);
    CHECK_EQ_INT(journal_write(journal, 1), 0);
    struct error error = {""};
    journal_close(journal);
    CHECK_EQ_INT(journal_open(dir, JOURNALS_NAME, NULL, NULL, &report, &journal, &error), 0);
    CHECK_EQ_INT(report.frames, 1);
    struct journal_file *file = journal_file_ref(journal);
    struct journal_frame frame;
    char *data;
    CHECK_EQ_INT(journal_read(file, place, &data, &frame), 0);
    CHECK_EQ_INT(frame.payload.length, LIMIT_RECORD);
    CHECK_EQ_INT((unsigned char)frame.payload.data[LIMIT_RECORD - 1],
                 journals_byte(1, LIMIT_RECORD - 1));
    free(data);
    journal_file_unref(file);

    static char preface[LIMIT_PREFACE + 1];
    struct journal *other;
    memset(preface, 'p', sizeof preface - 1);
    CHECK_EQ_INT(
        journal_create(dir, "x", (struct span){preface, sizeof preface}, 1, &other, &error),
        -EMSGSIZE);
    CHECK_EQ_INT(journal_create(dir, "x", (struct span){preface, LIMIT_PREFACE}, 1, &other, &error),
                 0);
    check_preface("x", preface);
    CHECK_EQ_INT(journal_checkpoint(other, 1), 0);
    journal_close(other);
    end();
}

TEST(refusals)
{
    struct error error = {""};
    struct journal *other = NULL;
    char *preface;
    size_t length;
    begin();
    CHECK_EQ_INT(journal_create(dir, JOURNALS_NAME, SPAN_LITERAL("p"), 1, &other, &error), -EEXIST);
    CHECK_EQ_INT(journal_open(dir, "none", NULL, NULL, &report, &other, &error), -ENOENT);
    CHECK(strstr(error.text, "none"));
    CHECK_EQ_INT(journal_read_preface(dir, "none", &preface, &length, &error), -ENOENT);
    CHECK(mkdirat(dir, "folder", 0700) == 0);
    CHECK(journal_open(dir, "folder", NULL, NULL, &report, &other, &error) < 0);
    CHECK(symlinkat(JOURNALS_NAME, dir, "link") == 0);
    CHECK_EQ_INT(journal_open(dir, "link", NULL, NULL, &report, &other, &error), -ELOOP);

    size_t size;
    unsigned char *image = journals_image(dir, &size);
    image[7] = 2;
    journals_put_image(dir, image, size);
    CHECK_EQ_INT(journal_open(dir, JOURNALS_NAME, NULL, NULL, &report, &other, &error),
                 -EPROTONOSUPPORT);
    CHECK(strstr(error.text, "version 2"));
    CHECK_EQ_INT(journal_read_preface(dir, JOURNALS_NAME, &preface, &length, &error),
                 -EPROTONOSUPPORT);
    image[7] = 1;
    image[14] ^= 1;
    journals_put_image(dir, image, size);
    CHECK_EQ_INT(journal_read_preface(dir, JOURNALS_NAME, &preface, &length, &error), -EUCLEAN);
    CHECK_EQ_INT(journal_open(dir, JOURNALS_NAME, NULL, NULL, &report, &other, &error), -EUCLEAN);
    CHECK(strstr(error.text, JOURNALS_NAME) && strstr(error.text, "byte 0") &&
          strstr(error.text, "vsecm doctor --state DIR"));
    free(image);
    end();
}

static int stop_at_second(void *context, const struct journal_frame *frame)
{
    size_t *count = context;
    (void)frame;
    return ++*count == 2 ? -ECANCELED : 0;
}

TEST(what_visit_says_is_passed_on)
{
    struct error error = {""};
    struct journal *other = NULL;
    size_t count = 0;
    begin();
    CHECK_EQ_INT(journals_append(journal, 1, 3), 0);
    CHECK_EQ_INT(journal_open(dir, JOURNALS_NAME, stop_at_second, &count, &report, &other, &error),
                 -ECANCELED);
    CHECK_EQ_INT(count, 2);
    CHECK(!other);
    end();
}

/* ---- taking back -------------------------------------------------------------------------------
 */

TEST(dropped_and_abandoned)
{
    begin();
    CHECK_EQ_INT(journals_append(journal, 1, 2), 0);
    uint64_t sequence = journal_next_sequence(journal);
    CHECK_EQ_INT(journals_reserve(journal, 50, NULL), 0);
    journal_drop(journal);
    CHECK_EQ_INT(journal_write(journal, 1), -EINVAL);
    CHECK_EQ_INT(journals_reserve(journal, 51, NULL), 0);
    CHECK_EQ_INT(journal_write(journal, 0), 0);
    CHECK_EQ_INT(journals_reserve(journal, 52, NULL), 0);
    CHECK_EQ_INT(journal_abandon(journal), 0);
    CHECK_EQ_INT(journal_next_sequence(journal), sequence + 3); /* none is given twice */
    CHECK_EQ_INT(journals_append(journal, 3, 1), 0);
    check_records(3);
    CHECK_EQ_INT(report.cut, 0);
    end();
}

TEST(undone_to_what_is_durable)
{
    begin();
    if (journal_is_memory(journal))
        CHECK_SKIP("the scratch directory is in memory");
    CHECK_EQ_INT(journals_append(journal, 1, 2), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    uint64_t durable = journal_end(journal);
    CHECK_EQ_INT(journals_append(journal, 50, 2), 0);
    CHECK_EQ_INT(journal_checkpoint(journal, 1), -EBUSY);
    CHECK_EQ_INT(journals_append(journal, 60, 2), 0);
    CHECK_EQ_INT(journal_undo(journal), 0);
    CHECK_EQ_INT(journal_end(journal), durable);
    CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
    CHECK_EQ_INT(journal_undo(journal), 0); /* the checkpoint was not synced: it goes too */
    CHECK_EQ_INT(journal_end(journal), durable);
    CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
    CHECK(journal_end(journal) > durable);
    CHECK_EQ_INT(journals_append(journal, 3, 1), 0);
    check_records(3);
    end();
}

TEST(on_memory_what_is_written_is_durable)
{
    dir = journals_directory(JOURNALS_MEMORY);
    journal = journals_new(dir, JOURNALS_NAME);
    if (!journal_is_memory(journal))
        CHECK_SKIP(JOURNALS_MEMORY " is no tmpfs");
    CHECK_EQ_INT(journals_append(journal, 1, 2), 0);
    uint64_t written = journal_end(journal);
    CHECK_EQ_INT(journal_undo(journal), 0);
    CHECK_EQ_INT(journal_end(journal), written);
    CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
    CHECK_EQ_INT(journal_sync(journal), 0);
    check_records(2);
    end();
}

/* ---- checkpoints -------------------------------------------------------------------------------
 */

TEST(a_second_checkpoint_writes_nothing)
{
    begin();
    uint64_t at = journal_end(journal), sequence = journal_next_sequence(journal);
    CHECK_EQ_INT(journal_checkpoint(journal, 2), 0);
    CHECK_EQ_INT(journal_end(journal), at);
    CHECK_EQ_INT(reopen(), 0);
    CHECK_EQ_INT(journal_checkpoint(journal, 3), 0);
    CHECK_EQ_INT(journal_end(journal), at);
    CHECK_EQ_INT(journal_next_sequence(journal), sequence);
    CHECK_EQ_INT(journals_append(journal, 1, 1), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    at = journal_end(journal);
    CHECK_EQ_INT(journals_reserve(journal, 2, NULL), 0);
    CHECK_EQ_INT(journal_checkpoint(journal, 4), -EBUSY);
    journal_drop(journal);
    CHECK_EQ_INT(journal_checkpoint(journal, 4), 0);
    CHECK(journal_end(journal) > at);
    check_records(1);
    end();
}

/* ---- rewriting ---------------------------------------------------------------------------------
 */

TEST(a_rewrite)
{
    begin();
    CHECK_EQ_INT(journals_append(journal, 100, 4), 0);
    CHECK_EQ_INT(journals_append(journal, 1, 3), 0);
    CHECK_EQ_INT(reopen(), 0);
    uint64_t next = journal_next_sequence(journal);
    struct journal_file *file = journal_file_ref(journal);
    struct journal *fresh;
    struct journal_place place;
    struct journals_seen old = seen;
    struct error error = {""};
    CHECK_EQ_INT(journal_create(dir, "fresh", SPAN_LITERAL("another"), next, &fresh, &error), 0);
    CHECK_EQ_INT(journal_copy(fresh, file, old.places[4], &place), 0);
    CHECK_EQ_INT(journal_copy(fresh, file, old.places[4], &place), -EINVAL);
    CHECK_EQ_INT(journal_copy(fresh, file, old.places[3], &place), -EINVAL);
    CHECK_EQ_INT(journal_copy(fresh, file, old.places[5], &place), 0);
    old.places[6].offset--;
    CHECK_EQ_INT(journal_copy(fresh, file, old.places[6], &place), -EUCLEAN);
    old.places[6].offset++;
    CHECK_EQ_INT(journal_copy(fresh, file, old.places[6], &place), 0);
    CHECK_EQ_INT(journal_next_sequence(fresh), next);
    CHECK_EQ_INT(journal_publish(fresh, dir, "fresh", JOURNALS_NAME), -EINVAL);
    CHECK_EQ_INT(journal_checkpoint(fresh, 1), 0);
    CHECK_EQ_INT(journal_publish(fresh, dir, "absent", JOURNALS_NAME), -ENOENT);
    CHECK_EQ_INT(journal_publish(fresh, dir, "fresh", JOURNALS_NAME), 0);
    journal_synced(fresh, journal_end(fresh));
    journal_close(journal);
    journal = fresh;
    CHECK_EQ_INT(journals_append(journal, 4, 1), 0);

    char *data;
    struct journal_frame frame; /* of the file that has no name any more */
    CHECK_EQ_INT(journal_read(file, old.places[0], &data, &frame), 0);
    CHECK_EQ_INT(journals_number(&frame), 100);
    free(data);
    journal_file_unref(file);
    check_records(4);
    for (size_t i = 0; i < 3; i++)
        CHECK_EQ_INT(seen.sequences[i], old.sequences[4 + i]);
    CHECK_EQ_INT(seen.places[2].offset, place.offset);
    check_preface(JOURNALS_NAME, "another");
    end();
}

/* ---- speed -------------------------------------------------------------------------------------
 */

TEST(ten_thousand_records_open_quickly)
{
    enum { RECORDS = 10000, BYTES = 1500 };
    unsigned char *payload;
    struct journal_place place;
    begin();
    for (int i = 0; i < RECORDS; i++) {
        CHECK_EQ_INT(
            journal_reserve(journal, SPAN_LITERAL("put shop/web 3"), BYTES, &payload, &place), 0);
        memset(payload, i, BYTES);
        if (i % 100 == 99)
            CHECK_EQ_INT(journal_write(journal, 1), 0);
    }
    CHECK_EQ_INT(journals_sync(journal), 0);
    journal_close(journal);
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        struct error error = {""};
        uint64_t start = clock_mono_ns();
        CHECK_EQ_INT(journal_open(dir, JOURNALS_NAME, NULL, NULL, &report, &journal, &error), 0);
        uint64_t took = clock_mono_ns() - start;
        best = took < best ? took : best;
        CHECK_EQ_INT(report.frames, RECORDS);
        journal_close(journal);
    }
    journal = NULL;
    printf("# %d records of %d bytes: %.1f ms\n", RECORDS, BYTES, (double)best / 1e6);
#ifndef __SANITIZE_ADDRESS__
    CHECK(best < 100 * 1000000ull);
#endif
    end();
}

CHECK_MAIN
