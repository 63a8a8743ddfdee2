/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/salvage.h"

#include "tests/unit/journals.h"

#define FRAMES 32

static struct journals_seen seen;
static struct journal_report opened;
static struct salvage_report report;
static struct error error;
static int dir;

/* The whole log as it was written: a checkpoint, batches of 1, 3, 3 and 2 records, a checkpoint. */
static struct {
    unsigned char *data;
    size_t size, head, count;
    struct {
        struct format_frame header;
        size_t at, end, batch; /* batch: at which frame it begins */
    } frames[FRAMES];
} whole;

static void learn(void)
{
    unsigned version;
    size_t length, at, batch = 0;
    CHECK_EQ_INT(format_read_head(whole.data, &length, &version), 0);
    at = whole.head = (size_t)format_head_size(length);
    for (whole.count = 0; at < whole.size; whole.count++) {
        CHECK(whole.count < FRAMES);
        struct format_frame *header = &whole.frames[whole.count].header;
        CHECK_EQ_INT(format_read_frame(whole.data + at, at, header), 0);
        batch = header->flags & FORMAT_FIRST ? whole.count : batch;
        whole.frames[whole.count].at = at;
        whole.frames[whole.count].batch = batch;
        at += FORMAT_FRAME + header->body;
        whole.frames[whole.count].end = at;
    }
}

static void begin(void)
{
    static const size_t batches[] = {1, 3, 3, 2};
    uint64_t number = 1;
    dir = journals_directory(JOURNALS_MEMORY);
    struct journal *journal = journals_new(dir, JOURNALS_NAME);
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        CHECK_EQ_INT(journals_append(journal, number, batches[i]), 0);
        CHECK_EQ_INT(journals_sync(journal), 0);
        number += batches[i];
    }
    CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
    journal_close(journal);
    whole.data = journals_image(dir, &whole.size);
    learn();
    CHECK(mkdirat(dir, "to", 0700) == 0);
}

static void end(void)
{
    free(whole.data);
    close(dir);
}

/* ---- what is told ------------------------------------------------------------------------------
 */

/* The kinds in order, one letter each. */
static char told[256];

static int tell(void *context, const struct salvage_segment *segment)
{
    uint64_t *at = context;
    size_t used = strlen(told);
    CHECK(used + 1 < sizeof told);
    CHECK(segment->offset == *at); /* no gap, no overlap */
    *at += segment->size;
    told[used] = "RCPDT"[segment->kind];
    told[used + 1] = '\0';
    return 0;
}

static void check_told(const char *expected)
{
    uint64_t at = whole.head;
    told[0] = '\0';
    CHECK_EQ_INT(salvage_inspect(dir, JOURNALS_NAME, tell, &at, &report, &error), 0);
    CHECK_STR(told, expected);
    CHECK_EQ_INT(at, report.size);
}

static void flip(size_t at)
{
    unsigned char *copy = malloc(whole.size);
    memcpy(copy, whole.data, whole.size);
    copy[at] ^= 0x10;
    journals_put_image(dir, copy, whole.size);
    free(copy);
}

TEST(a_healthy_log)
{
    begin();
    check_told("CRRRRRRRRRC");
    CHECK(!salvage_is_damaged(&report));
    CHECK_EQ_INT(report.records, 9);
    CHECK_EQ_INT(report.checkpoints, 2);
    CHECK_EQ_INT(report.size, whole.size);
    CHECK_EQ_INT(report.damaged_bytes + report.tail + report.partial, 0);
    end();
}

TEST(damage_in_the_middle_of_a_batch)
{
    begin();
    flip(whole.frames[3].at + 50); /* the second of three */
    check_told("CRPDPRRRRRC");
    CHECK(salvage_is_damaged(&report));
    CHECK_EQ_INT(report.records, 6);
    CHECK_EQ_INT(report.partial, 2);
    CHECK_EQ_INT(report.damaged, 1);
    CHECK_EQ_INT(report.missing, 1);
    CHECK_EQ_INT(report.damaged_bytes, whole.frames[3].end - whole.frames[3].at);
    end();
}

TEST(a_torn_tail_is_no_damage)
{
    begin();
    size_t cut = whole.frames[whole.count - 2].at + 5; /* within the last batch's second record */
    journals_put_image(dir, whole.data, cut);
    check_told("CRRRRRRRT");
    CHECK(!salvage_is_damaged(&report));
    CHECK_EQ_INT(report.tail, cut - whole.frames[whole.count - 3].at);
    flip(whole.size - 1); /* or the last checkpoint itself */
    check_told("CRRRRRRRRRT");
    CHECK(!salvage_is_damaged(&report));
    end();
}

TEST(a_lost_end_with_a_witness_before_it)
{
    begin();
    size_t first = whole.frames[1].at;
    unsigned char *copy = malloc(whole.size);
    memcpy(copy, whole.data, whole.size);
    memset(copy + first, 0, whole.frames[7].end - first); /* three batches of seven records */
    journals_put_image(dir, copy, whole.size);
    check_told("CDRRC");
    CHECK_EQ_INT(report.missing, 7);
    CHECK_EQ_INT(report.records, 2);
    free(copy);
    end();
}

/* ---- what is saved -----------------------------------------------------------------------------
 */

/* A new log in "to", without the batch of frame BAD (whole.count: none is bad). */
static void check_saved(size_t bad)
{
    struct journal *journal;
    size_t records = 0;
    int to = openat(dir, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK_EQ_INT(salvage_copy(dir, JOURNALS_NAME, to, &report, &error), 0);
    struct salvage_report unused;
    CHECK_EQ_INT(salvage_copy(dir, JOURNALS_NAME, to, &unused, &error), -EEXIST);
    CHECK_EQ_INT(journals_open(to, &seen, &opened, &journal), 0);
    CHECK_EQ_INT(opened.cut, 0);
    journal_close(journal);
    for (size_t i = 0; i < whole.count; i++) {
        if (whole.frames[i].header.kind != FORMAT_RECORD ||
            (bad < whole.count && whole.frames[i].batch == whole.frames[bad].batch))
            continue;
        CHECK(records < seen.count);
        CHECK_EQ_INT(seen.sequences[records++], whole.frames[i].header.sequence);
    }
    CHECK_EQ_INT(seen.count, records);
    CHECK_EQ_INT(report.records, records);
    char *preface;
    size_t length;
    CHECK_EQ_INT(journal_read_preface(to, JOURNALS_NAME, &preface, &length, &error), 0);
    CHECK(span_is((struct span){preface, length}, "preface"));
    free(preface);
    CHECK(unlinkat(to, JOURNALS_NAME, 0) == 0);
    CHECK(faccessat(to, "salvage.tmp", F_OK, 0) < 0);
    close(to);
}

TEST(saved_whole)
{
    begin();
    check_saved(whole.count);
    end();
}

TEST(every_flipped_byte_loses_its_batch_alone)
{
    begin();
    for (size_t i = whole.head; i < whole.size; i++) {
        size_t bad = 0, size;
        while (i >= whole.frames[bad].end)
            bad++;
        flip(i);
        check_saved(bad);
        CHECK_EQ_INT(salvage_is_damaged(&report), bad + 1 < whole.count);
        unsigned char *left = journals_image(dir, &size); /* the source is as it was */
        left[i] ^= 0x10;
        CHECK(size == whole.size && memcmp(left, whole.data, size) == 0);
        free(left);
    }
    end();
}

TEST(a_damaged_head_is_in_a_checkpoint)
{
    begin();
    for (size_t i = 0; i < whole.head; i++) {
        flip(i);
        check_saved(whole.count);
        CHECK_EQ_INT(report.head, SALVAGE_HEAD_COPIED);
        CHECK(salvage_is_damaged(&report));
        CHECK_EQ_INT(report.damaged_bytes, whole.head);
    }
    end();
}

TEST(without_a_preface_nothing_is_left)
{
    begin();
    unsigned char *copy = malloc(whole.size);
    memcpy(copy, whole.data, whole.size);
    copy[whole.frames[0].at + 42] ^= 1;
    copy[whole.frames[whole.count - 1].at + 42] ^= 1;
    copy[7] = 9;
    journals_put_image(dir, copy, whole.size);
    CHECK_EQ_INT(salvage_inspect(dir, JOURNALS_NAME, NULL, NULL, &report, &error),
                 -EPROTONOSUPPORT);
    copy[7] = 1;
    copy[13] ^= 1;
    journals_put_image(dir, copy, whole.size);
    CHECK_EQ_INT(salvage_inspect(dir, JOURNALS_NAME, NULL, NULL, &report, &error), 0);
    CHECK_EQ_INT(report.head, SALVAGE_HEAD_LOST);
    CHECK_EQ_INT(report.damaged_bytes, whole.size);
    CHECK_EQ_INT(salvage_copy(dir, JOURNALS_NAME, dir, &report, &error), -EUCLEAN);
    CHECK(strstr(error.text, "preface"));
    CHECK_EQ_INT(salvage_inspect(dir, "none", NULL, NULL, &report, &error), -ENOENT);
    free(copy);
    end();
}

/* ---- and the daemon agrees ---------------------------------------------------------------------
 */

TEST(damaged_is_what_does_not_open)
{
    begin();
    unsigned char *copy = malloc(whole.size);
    unsigned refused = 0, cut = 0;
    for (int round = 0; round < 5000; round++) {
        memcpy(copy, whole.data, whole.size);
        for (size_t holes = 1 + check_random(3); holes; holes--) {
            size_t at = check_random(whole.size), length = 1 + check_random(whole.size - at);
            if (check_random(2))
                memset(copy + at, 0, length);
            else
                memmove(copy + at, whole.data + check_random(whole.size - length + 1), length);
        }
        size_t size = check_random(2) ? whole.size : check_random(whole.size + 1);
        struct journal *journal;
        journals_put_image(dir, copy, size);
        int inspected = salvage_inspect(dir, JOURNALS_NAME, NULL, NULL, &report, &error);
        CHECK(inspected == 0 || inspected == -EPROTONOSUPPORT);
        int r = journals_open(dir, &seen, &opened, &journal);
        CHECK_EQ_INT(r < 0, inspected < 0 || salvage_is_damaged(&report));
        refused += r < 0;
        cut += opened.cut > 0;
        if (r == 0)
            CHECK(opened.frames == report.records && opened.cut == report.tail);
        journal_close(journal);
    }
    CHECK(refused > 500 && cut > 100);
    free(copy);
    end();
}

CHECK_MAIN
