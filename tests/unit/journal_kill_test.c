/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A writer is killed at a random instant, a hundred times, on a disk and in memory: what it had
 * acknowledged is there, nothing is out of place, and the next writer goes on.
 */
#include "store/journal.h"

#include <signal.h>

#include "tests/unit/journals.h"

#define ROUNDS 100
#define KEPT 20 /* records that a rewrite keeps */

static struct journals_seen seen;
static struct journal_report report;
static int dir;

/* Records whose batch is complete and synced are told to the parent. */
static void acknowledge(int pipe, uint64_t number)
{
    CHECK(write(pipe, &number, sizeof number) == (ssize_t)sizeof number);
}

static void note_place(struct journal_place place)
{
    memmove(seen.places, seen.places + 1, (KEPT - 1) * sizeof *seen.places);
    seen.places[KEPT - 1] = place;
}

static struct journal *rewrite(struct journal *old)
{
    struct journal *fresh;
    struct error error = {""};
    struct journal_file *file = journal_file_ref(old);
    unlinkat(dir, "fresh", 0);
    CHECK_EQ_INT(journal_create(dir, "fresh", SPAN_LITERAL("preface"), journal_next_sequence(old),
                                &fresh, &error),
                 0);
    for (size_t i = 0; i < KEPT; i++)
        CHECK_EQ_INT(journal_copy(fresh, file, seen.places[i], &seen.places[i]), 0);
    CHECK_EQ_INT(journal_checkpoint(fresh, 1), 0);
    CHECK_EQ_INT(journal_publish(fresh, dir, "fresh", JOURNALS_NAME), 0);
    journal_synced(fresh, journal_end(fresh));
    journal_file_unref(file);
    journal_close(old);
    return fresh;
}

/* Batches of one to three records, now and then a checkpoint or a rewrite, until it is killed. */
static void write_for_ever(int pipe, uint64_t number)
{
    struct journal *journal;
    CHECK_EQ_INT(journals_open(dir, &seen, &report, &journal), 0);
    memmove(seen.places, seen.places + seen.count - KEPT, KEPT * sizeof *seen.places);
    for (unsigned turn = 1;; turn++) {
        size_t count = 1 + turn % 3;
        for (size_t i = 0; i < count; i++) {
            struct journal_place place;
            CHECK_EQ_INT(journals_reserve(journal, number + i, &place), 0);
            note_place(place);
            CHECK_EQ_INT(journal_write(journal, i + 1 == count), 0);
        }
        CHECK_EQ_INT(journals_sync(journal), 0);
        number += count;
        acknowledge(pipe, number - 1);
        if (turn % 7 == 0)
            CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
        if (turn % 40 == 0)
            journal = rewrite(journal);
    }
}

static uint64_t last_acknowledged(int pipe, uint64_t last)
{
    uint64_t number;
    while (read(pipe, &number, sizeof number) == (ssize_t)sizeof number)
        last = number;
    return last;
}

/* Run a writer from NUMBER on and kill it: the last record that it acknowledged. */
static uint64_t kill_one(uint64_t number)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        write_for_ever(ends[1], number);
    }
    close(ends[1]);
    /* A pipe holds 8,192 acknowledgements; a writer makes fewer of them in its life. */
    struct timespec life = {.tv_nsec = (long)(1000 + check_random(15000)) * 1000};
    nanosleep(&life, NULL);
    kill(pid, SIGKILL);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    uint64_t last = last_acknowledged(ends[0], number - 1);
    close(ends[0]);
    return last;
}

/* How many of the logs were torn. */
static unsigned run(const char *parent)
{
    unsigned torn = 0;
    dir = journals_directory(parent);
    struct journal *journal = journals_new(dir, JOURNALS_NAME);
    CHECK_EQ_INT(journals_append(journal, 1, KEPT), 0);
    CHECK_EQ_INT(journals_sync(journal), 0);
    journal_close(journal);
    uint64_t next = KEPT + 1;
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t acknowledged = kill_one(next);
        CHECK_EQ_INT(journals_open(dir, &seen, &report, &journal), 0);
        CHECK(seen.count >= KEPT);
        for (size_t i = 1; i < seen.count; i++)
            CHECK_EQ_INT(seen.numbers[i], seen.numbers[i - 1] + 1);
        uint64_t last = seen.numbers[seen.count - 1];
        CHECK(last >= acknowledged);
        CHECK(last <= acknowledged + 3); /* at most the batch under way */
        torn += report.cut > 0;
        next = last + 1;
        journal_close(journal);
    }
    printf("# %llu records, %u torn tails\n", (unsigned long long)next - 1, torn);
    CHECK(next > ROUNDS);
    close(dir);
    return torn;
}

TEST(killed_on_a_disk)
{
    run(JOURNALS_DISK);
}

TEST(killed_in_memory)
{
    CHECK(run(JOURNALS_MEMORY) > 0); /* no time is spent in syncs: some kill met a batch */
}

CHECK_MAIN
