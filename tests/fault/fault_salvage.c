/* SPDX-License-Identifier: BSD-2-Clause */
/* Saving what is whole of a damaged log: all of it or nothing, and the source stays as it is. */
#include "store/salvage.h"

#include "tests/fault/fault.h"
#include "tests/unit/journals.h"

static struct journals_seen seen;
static struct journal_report report;
static struct error error;

/* Records 1 to 7 in three batches; the second of them, 3 to 5, is damaged. */
static void prepare(int dir)
{
    struct journal *journal = journals_new(dir, JOURNALS_NAME);
    for (uint64_t number = 1; number < 8; number += number == 1 ? 2 : 3) {
        size_t count = number == 1 ? 2 : 3 - (number == 6);
        CHECK_EQ_INT(journals_append(journal, number, count), 0);
        CHECK_EQ_INT(journals_sync(journal), 0);
    }
    CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
    journal_close(journal);
    size_t size;
    unsigned char *data = journals_image(dir, &size);
    CHECK_EQ_INT(journals_open(dir, &seen, &report, &journal), 0);
    journal_close(journal);
    CHECK_EQ_INT(seen.numbers[3], 4);
    data[seen.places[3].offset + 1] ^= 1;
    journals_put_image(dir, data, size);
    free(data);
    CHECK(mkdirat(dir, "to", 0700) == 0);
}

static int act(int dir)
{
    struct salvage_report found;
    int to = openat(dir, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to < 0)
        return -errno;
    int r = salvage_copy(dir, JOURNALS_NAME, to, &found, &error);
    close(to);
    return r;
}

static enum fault_state look(int dir)
{
    static const uint64_t saved[] = {1, 2, 6, 7};
    struct journal *journal;
    CHECK_EQ_INT(journals_open(dir, &seen, &report, &journal), -EUCLEAN);
    int to = openat(dir, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(to >= 0);
    int r = journals_open(to, &seen, &report, &journal);
    CHECK(r == 0 || r == -ENOENT);
    close(to);
    if (r < 0)
        return FAULT_BEFORE;
    journal_close(journal);
    CHECK_EQ_INT(seen.count, 4);
    for (size_t i = 0; i < 4; i++)
        CHECK_EQ_INT(seen.numbers[i], saved[i]);
    return FAULT_AFTER;
}

const struct fault_scenario fault_scenarios[] = {
    {"a salvage", prepare, act, look},
    {0},
};
