/* SPDX-License-Identifier: BSD-2-Clause */
/* The record log: a batch, a batch of several writes, a checkpoint, a rewrite. */
#include "store/journal.h"

#include "tests/fault/fault.h"
#include "tests/unit/journals.h"

#define OLD 3 /* records that are there before, numbers 1 to 3 */
#define NEW 2 /* and what is added */

static struct journals_seen seen;
static struct journal_report report;

static void prepare(int dir)
{
    struct journal *journal = journals_new(dir, JOURNALS_NAME);
    CHECK_EQ_INT(journals_append(journal, 1, OLD), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    journal_close(journal);
}

/* Records FIRST, FIRST + 1, ... and no others. */
static void check_numbers(uint64_t first, size_t count)
{
    CHECK_EQ_INT(seen.count, count);
    for (size_t i = 0; i < count; i++)
        CHECK_EQ_INT(seen.numbers[i], first + i);
}

static int open_log(int dir, struct journal **ret)
{
    struct error error = {""};
    seen.count = 0;
    *ret = NULL;
    return journal_open(dir, JOURNALS_NAME, journals_visit, &seen, &report, ret, &error);
}

/* It opens, twice alike, and can be written to. */
static void check_usable(int dir)
{
    struct journal *journal;
    CHECK_EQ_INT(open_log(dir, &journal), 0);
    size_t count = seen.count;
    CHECK_EQ_INT(journals_append(journal, 77, 1), 0);
    journal_close(journal);
    CHECK_EQ_INT(open_log(dir, &journal), 0);
    CHECK(seen.count == count + 1 && report.cut == 0);
    seen.count--;
    journal_close(journal);
}

static enum fault_state look(int dir)
{
    check_usable(dir);
    check_numbers(1, seen.count == OLD ? OLD : OLD + NEW);
    return seen.count == OLD ? FAULT_BEFORE : FAULT_AFTER;
}

/* As the store does it: acknowledged when synced, taken back when that fails. */
static int synced(struct journal *journal, int r)
{
    if (r == 0) {
        r = journals_sync(journal);
        if (r < 0)
            journal_undo(journal);
    }
    return r;
}

static int append(int dir)
{
    struct journal *journal;
    int r = open_log(dir, &journal);
    if (r < 0)
        return r;
    r = synced(journal, journals_append(journal, OLD + 1, NEW));
    journal_close(journal);
    return r;
}

static int append_piecewise(int dir)
{
    struct journal *journal;
    int r = open_log(dir, &journal);
    for (uint64_t i = 1; i <= NEW && r == 0; i++) {
        r = journals_reserve(journal, OLD + i, NULL);
        if (r == 0)
            r = journal_write(journal, i == NEW);
        else
            journal_abandon(journal);
    }
    if (r == 0)
        r = synced(journal, 0);
    journal_close(journal);
    return r;
}

/* What failed is tried once more: the log is as it was, or it refuses and says so. */
static int append_again(int dir)
{
    struct journal *journal;
    int r = open_log(dir, &journal);
    if (r == 0)
        r = synced(journal, journals_append(journal, OLD + 1, NEW));
    if (r < 0 && journal) {
        fault_pause();
        r = synced(journal, journals_append(journal, OLD + 1, NEW));
        CHECK(r == 0 || r == -EIO);
    }
    journal_close(journal);
    return r;
}

static int append_and_checkpoint(int dir)
{
    struct journal *journal;
    int r = open_log(dir, &journal);
    if (r == 0)
        r = journal_checkpoint(journal, 1);
    if (r == 0)
        r = synced(journal, journals_append(journal, OLD + 1, NEW));
    if (r == 0)
        r = journal_checkpoint(journal, 2);
    if (r == 0)
        r = journals_sync(journal);
    journal_close(journal);
    return r;
}

/* ---- a rewrite that keeps the last record alone ------------------------------------------------
 */

static int rewrite_into(int dir, struct journal *old, struct journal **ret)
{
    struct error error = {""};
    struct journal_place place;
    struct journal_file *file = journal_file_ref(old);
    unlinkat(dir, "fresh", 0);
    int r = journal_create(dir, "fresh", SPAN_LITERAL("other"), journal_next_sequence(old), ret,
                           &error);
    if (r == 0)
        r = journal_copy(*ret, file, seen.places[OLD - 1], &place);
    if (r == 0)
        r = journal_checkpoint(*ret, 1);
    if (r == 0)
        r = journal_publish(*ret, dir, "fresh", JOURNALS_NAME);
    journal_file_unref(file);
    return r;
}

static int rewrite(int dir)
{
    struct journal *old, *fresh = NULL;
    int r = open_log(dir, &old);
    if (r == 0)
        r = rewrite_into(dir, old, &fresh);
    journal_close(fresh);
    journal_close(old);
    return r;
}

/* And a record that is acknowledged by the new log. */
static int rewrite_and_append(int dir)
{
    struct journal *old, *fresh = NULL;
    int r = open_log(dir, &old);
    if (r == 0)
        r = rewrite_into(dir, old, &fresh);
    if (r == 0) {
        journal_synced(fresh, journal_end(fresh));
        r = synced(fresh, journals_append(fresh, OLD + 1, NEW));
    }
    journal_close(fresh);
    journal_close(old);
    return r;
}

static enum fault_state look_rewritten(int dir)
{
    check_usable(dir);
    if (seen.count == OLD) {
        check_numbers(1, OLD);
        return FAULT_BEFORE;
    }
    check_numbers(OLD, 1);
    return FAULT_AFTER;
}

static enum fault_state look_appended(int dir)
{
    check_usable(dir);
    if (seen.count == 1 + NEW) {
        uint64_t first = seen.numbers[0];
        check_numbers(first, OLD);
        return first == 1 ? FAULT_BEFORE : FAULT_AFTER;
    }
    check_numbers(OLD, 1); /* rewritten, and the record was never acknowledged */
    return FAULT_BEFORE;
}

const struct fault_scenario fault_scenarios[] = {
    {"a batch", prepare, append, look},
    {"a batch of two writes", prepare, append_piecewise, look},
    {"a batch, tried again", prepare, append_again, look},
    {"checkpoints", prepare, append_and_checkpoint, look},
    {"a rewrite", prepare, rewrite, look_rewritten},
    {"a rewrite, then a batch", prepare, rewrite_and_append, look_appended},
    {0},
};
