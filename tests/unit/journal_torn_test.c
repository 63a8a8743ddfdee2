/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a crash, a power cut or a bad disk may leave of a log, against a model that knows the frames
 * of the whole one: opened with the complete batches before the tear, or refused where it is bad.
 */
#include "store/journal.h"

#include "tests/unit/journals.h"

#define FRAMES 64

/* The whole log, as it was written, and each frame of it. */
static struct {
    unsigned char *data;
    size_t size;
    size_t head;
    size_t count;
    struct {
        struct format_frame header;
        size_t at, end;
    } frames[FRAMES];
} whole;

static struct journals_seen seen, again;
static struct journal_report report;
static int dir;
static unsigned refused, cut;

/* ---- the model ---------------------------------------------------------------------------------
 */

static void learn(void)
{
    unsigned version;
    size_t length, at;
    CHECK_EQ_INT(format_read_head(whole.data, &length, &version), 0);
    at = whole.head = (size_t)format_head_size(length);
    for (whole.count = 0; at < whole.size; whole.count++) {
        CHECK(whole.count < FRAMES);
        struct format_frame *header = &whole.frames[whole.count].header;
        CHECK_EQ_INT(format_read_frame(whole.data + at, at, header), 0);
        whole.frames[whole.count].at = at;
        at += FORMAT_FRAME + header->body;
        whole.frames[whole.count].end = at;
    }
    CHECK_EQ_INT(at, whole.size);
}

static int is_good(const unsigned char *data, size_t size, size_t from, size_t to)
{
    return to <= size && memcmp(data + from, whole.data + from, to - from) == 0;
}

/* What must come of SIZE bytes at DATA: the offset that is refused, or how many frames stay. */
static int64_t expect(const unsigned char *data, size_t size, size_t *frames)
{
    size_t bad = 0, kept = 0;
    if (!is_good(data, size, 0, whole.head))
        return 0;
    for (; bad < whole.count; bad++) {
        if (!is_good(data, size, whole.frames[bad].at, whole.frames[bad].end))
            break;
        if (whole.frames[bad].header.flags & FORMAT_LAST)
            kept = bad + 1;
    }
    *frames = kept;
    for (size_t i = bad + 1; i < whole.count; i++)
        if (is_good(data, size, whole.frames[i].at, whole.frames[i].end) &&
            whole.frames[i].header.durable > whole.frames[bad].at)
            return (int64_t)whole.frames[bad].at;
    return -1;
}

static void check_records(size_t frames)
{
    size_t records = 0;
    for (size_t i = 0; i < frames; i++) {
        if (whole.frames[i].header.kind != FORMAT_RECORD)
            continue;
        CHECK(records < seen.count);
        CHECK_EQ_INT(seen.sequences[records], whole.frames[i].header.sequence);
        CHECK_EQ_INT(seen.places[records].offset, whole.frames[i].at);
        records++;
    }
    CHECK_EQ_INT(seen.count, records);
}

/* What was opened opens again, and can be written to. */
static void check_again(struct journal *journal)
{
    CHECK_EQ_INT(journals_append(journal, 1000, 2), 0);
    journal_close(journal);
    CHECK_EQ_INT(journals_open(dir, &again, &report, &journal), 0);
    CHECK_EQ_INT(report.cut, 0);
    CHECK_EQ_INT(again.count, seen.count + 2);
    CHECK_EQ_INT(again.numbers[seen.count], 1000);
    CHECK_EQ_INT(memcmp(again.sequences, seen.sequences, seen.count * sizeof *seen.sequences), 0);
    journal_close(journal);
}

static void check_image(const unsigned char *data, size_t size)
{
    size_t frames = 0;
    struct journal *journal;
    int64_t damage = expect(data, size, &frames);
    journals_put_image(dir, data, size);
    int r = journals_open(dir, &seen, &report, &journal);
    if (damage >= 0) {
        size_t now;
        CHECK(r == -EUCLEAN || (damage == 0 && r == -EPROTONOSUPPORT));
        CHECK_EQ_INT(report.damage, damage);
        unsigned char *left = journals_image(dir, &now);
        CHECK(now == size && memcmp(left, data, size) == 0);
        free(left);
        refused++;
        return;
    }
    CHECK_EQ_INT(r, 0);
    check_records(frames);
    size_t end = frames ? whole.frames[frames - 1].end : whole.head;
    CHECK_EQ_INT(report.cut, size - end);
    cut += report.cut > 0;
    check_again(journal);
}

/* ---- logs --------------------------------------------------------------------------------------
 */

static struct journal *begin(void)
{
    dir = journals_directory(JOURNALS_DISK);
    struct journal *journal = journals_new(dir, JOURNALS_NAME);
    if (journal_is_memory(journal)) {
        journal_close(journal);
        CHECK_SKIP(JOURNALS_DISK " is in memory");
    }
    refused = cut = 0;
    return journal;
}

/* Keep what was written, and go on in memory, where thousands of files cost nothing. */
static void finish(struct journal *journal)
{
    journal_close(journal);
    whole.data = journals_image(dir, &whole.size);
    learn();
    close(dir);
    dir = journals_directory(JOURNALS_MEMORY);
}

static void end(void)
{
    free(whole.data);
    close(dir);
}

/* Batches of one and of several frames, of several writes, each synced before the next. */
static struct journal *write_batches(void)
{
    struct journal *journal = begin();
    CHECK_EQ_INT(journals_append(journal, 1, 1), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    CHECK_EQ_INT(journals_append(journal, 2, 3), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    CHECK_EQ_INT(journals_reserve(journal, 5, NULL), 0);
    CHECK_EQ_INT(journal_write(journal, 0), 0);
    CHECK_EQ_INT(journals_append(journal, 6, 2), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    CHECK_EQ_INT(journals_append(journal, 8, 2), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    return journal;
}

static void write_closed_log(void)
{
    struct journal *journal = write_batches();
    CHECK_EQ_INT(journal_checkpoint(journal, 7), 0);
    finish(journal);
}

/* ---- tests -------------------------------------------------------------------------------------
 */

TEST(every_truncation)
{
    write_closed_log();
    for (size_t size = 0; size <= whole.size; size++)
        check_image(whole.data, size);
    CHECK_EQ_INT(refused, whole.head);
    CHECK(cut > whole.size / 2);
    end();
}

static void flip_every_bit(void)
{
    for (size_t i = 0; i < whole.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            whole.data[i] ^= (unsigned char)(1 << bit);
            unsigned char *copy = malloc(whole.size);
            memcpy(copy, whole.data, whole.size);
            whole.data[i] ^= (unsigned char)(1 << bit);
            check_image(copy, whole.size);
            free(copy);
        }
}

TEST(every_flipped_bit_before_the_last_checkpoint_is_refused)
{
    write_closed_log();
    size_t checkpoint = whole.frames[whole.count - 1].at;
    flip_every_bit();
    CHECK_EQ_INT(refused, checkpoint * 8);
    CHECK_EQ_INT(cut, (whole.size - checkpoint) * 8);
    end();
}

TEST(without_a_checkpoint_the_last_batch_alone_may_be_cut)
{
    finish(write_batches());
    size_t batch = whole.frames[whole.count - 2].at;
    flip_every_bit();
    CHECK_EQ_INT(refused, batch * 8);
    CHECK_EQ_INT(cut, (whole.size - batch) * 8);
    end();
}

/* Zeros, or bytes of an older file, over blocks of the unsynced end; and the file cut there. */
static void tear(unsigned char *copy, size_t synced, size_t *size)
{
    memcpy(copy, whole.data, whole.size);
    for (size_t holes = 1 + check_random(4); holes; holes--) {
        size_t at = synced + check_random(whole.size - synced);
        size_t length = 1 + check_random(whole.size - at);
        if (check_random(2))
            memset(copy + at, 0, length);
        else
            memmove(copy + at, whole.data + check_random(whole.size - length + 1), length);
    }
    *size = check_random(2) ? whole.size : synced + check_random(whole.size - synced + 1);
}

TEST(holes_in_what_was_not_synced_are_cut)
{
    struct journal *journal = write_batches();
    size_t synced = (size_t)journal_end(journal);
    for (uint64_t i = 0; i < 5; i++)
        CHECK_EQ_INT(journals_append(journal, 10 + 3 * i, 3), 0);
    finish(journal);
    unsigned char *copy = malloc(whole.size);
    for (int round = 0; round < 3000; round++) {
        size_t size;
        tear(copy, synced, &size);
        check_image(copy, size);
        CHECK(seen.count >= 9); /* what was synced is there */
    }
    CHECK_EQ_INT(refused, 0);
    CHECK(cut > 1000);
    free(copy);
    end();
}

TEST(any_damage_anywhere_is_as_the_model_says)
{
    write_closed_log();
    unsigned char *copy = malloc(whole.size);
    for (int round = 0; round < 5000; round++) {
        size_t size;
        tear(copy, check_random(whole.size), &size);
        check_image(copy, size);
    }
    CHECK(refused > 500 && cut > 500);
    free(copy);
    end();
}

TEST(sequences_of_a_torn_tail_are_not_given_again)
{
    struct journal *journal = write_batches();
    CHECK_EQ_INT(journals_append(journal, 20, 3), 0);
    uint64_t next = journal_next_sequence(journal);
    finish(journal);
    size_t bad = whole.frames[whole.count - 2].at;
    whole.data[bad + 1] ^= 1; /* of three frames the middle one */
    journals_put_image(dir, whole.data, whole.size);
    CHECK_EQ_INT(journals_open(dir, &seen, &report, &journal), 0);
    CHECK_EQ_INT(seen.count, 9);
    CHECK_EQ_INT(journal_next_sequence(journal), next);
    journal_close(journal);
    end();
}

/* A frame of one log in the other's file at the same offset: as an older file's blocks would be. */
TEST(frames_of_another_log_are_none)
{
    finish(write_batches());
    struct journal *journal;
    struct error error = {""};
    CHECK_EQ_INT(journal_create(dir, "other", SPAN_LITERAL("Preface"), 1, &journal, &error), 0);
    CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
    CHECK_EQ_INT(journal_publish(journal, dir, "other", JOURNALS_NAME), 0);
    journal_close(journal);
    size_t size;
    unsigned char *other = journals_image(dir, &size);
    CHECK_EQ_INT(size, whole.frames[0].end);
    unsigned char *mixed = malloc(whole.size);
    memcpy(mixed, other, size);
    memcpy(mixed + size, whole.data + size, whole.size - size);
    journals_put_image(dir, mixed, whole.size);
    CHECK_EQ_INT(journals_open(dir, &seen, &report, &journal), 0);
    CHECK_EQ_INT(seen.count, 0);
    CHECK_EQ_INT(report.cut, whole.size - size);
    journal_close(journal);
    free(mixed);
    free(other);
    end();
}

CHECK_MAIN
