/* SPDX-License-Identifier: BSD-2-Clause */
/* Record logs for tests: a directory, records whose payload follows from a number, what is read. */
#ifndef VSECM_TESTS_UNIT_JOURNALS_H
#define VSECM_TESTS_UNIT_JOURNALS_H

#include <errno.h>
#include <fcntl.h>

#include "base/error.h"
#include "store/format.h"
#include "store/journal.h"
#include "tests/unit/scratch.h"

#define JOURNALS_NAME "records.log"
#define JOURNALS_MOST 4096

/* What journal_open() visited, in order. */
struct journals_seen {
    size_t count;
    uint64_t sequences[JOURNALS_MOST];
    uint64_t numbers[JOURNALS_MOST];
    struct journal_place places[JOURNALS_MOST];
};

#define JOURNALS_DISK "/tmp"
#define JOURNALS_MEMORY "/dev/shm"

/* A new scratch directory in PARENT. */
static inline int journals_directory(const char *parent)
{
    int dir = open(scratch_new_in(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dir >= 0);
    return dir;
}

/* Record NUMBER has a payload of this many bytes. */
static inline size_t journals_length(uint64_t number)
{
    return (size_t)(number * 37 % 150);
}

static inline unsigned char journals_byte(uint64_t number, size_t at)
{
    return (unsigned char)(number * 131 + at * 7 + (at >> 8));
}

static inline void journals_fill(unsigned char *payload, uint64_t number, size_t length)
{
    for (size_t i = 0; i < length; i++)
        payload[i] = journals_byte(number, i);
}

static inline struct span journals_meta(uint64_t number, char meta[32])
{
    return (struct span){meta, (size_t)snprintf(meta, 32, "%llu", (unsigned long long)number)};
}

static inline int journals_reserve(struct journal *journal, uint64_t number,
                                   struct journal_place *place)
{
    char meta[32];
    unsigned char *payload;
    struct journal_place unused;
    size_t length = journals_length(number);
    int r = journal_reserve(journal, journals_meta(number, meta), length, &payload,
                            place ? place : &unused);
    if (r == 0)
        journals_fill(payload, number, length);
    return r;
}

/* A batch of COUNT records from NUMBER on. */
static inline int journals_append(struct journal *journal, uint64_t number, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int r = journals_reserve(journal, number + i, NULL);
        if (r < 0) {
            journal_drop(journal);
            return r;
        }
    }
    return journal_write(journal, 1);
}

static inline int journals_sync(struct journal *journal)
{
    uint64_t end = journal_end(journal);
    int r = journal_sync(journal);
    if (r == 0)
        journal_synced(journal, end);
    return r;
}

/* The number of the record FRAME, which must be whole. */
static inline uint64_t journals_number(const struct journal_frame *frame)
{
    char meta[32], text[32] = "";
    CHECK(frame->meta.length > 0 && frame->meta.length < sizeof text);
    memcpy(text, frame->meta.data, frame->meta.length);
    uint64_t number = strtoull(text, NULL, 10);
    CHECK(span_equal(frame->meta, journals_meta(number, meta)));
    CHECK_EQ_INT(frame->payload.length, journals_length(number));
    for (size_t i = 0; i < frame->payload.length; i++)
        CHECK_EQ_INT((unsigned char)frame->payload.data[i], journals_byte(number, i));
    return number;
}

static inline int journals_visit(void *context, const struct journal_frame *frame)
{
    struct journals_seen *seen = context;
    CHECK(seen->count < JOURNALS_MOST);
    seen->numbers[seen->count] = journals_number(frame);
    seen->sequences[seen->count] = frame->sequence;
    seen->places[seen->count++] = frame->place;
    return 0;
}

/* A log NAME that is published, empty but for its first checkpoint. */
static inline struct journal *journals_new(int dir, const char *name)
{
    struct journal *journal;
    struct error error = {""};
    if (journal_create(dir, "new", SPAN_LITERAL("preface"), 1, &journal, &error) < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    CHECK_EQ_INT(journal_checkpoint(journal, 1), 0);
    CHECK_EQ_INT(journal_publish(journal, dir, "new", name), 0);
    journal_synced(journal, journal_end(journal));
    return journal;
}

/* Open the log of DIR; *seen is what was visited. */
static inline int journals_open(int dir, struct journals_seen *seen, struct journal_report *report,
                                struct journal **ret)
{
    struct error error = {""};
    seen->count = 0;
    *ret = NULL;
    int r = journal_open(dir, JOURNALS_NAME, journals_visit, seen, report, ret, &error);
    CHECK((r < 0) == (error.text[0] != '\0'));
    CHECK((r == 0) == (*ret != NULL));
    return r;
}

/* The whole log of DIR; *size its bytes. The caller's. */
static inline unsigned char *journals_image(int dir, size_t *size)
{
    struct stat st;
    int fd = openat(dir, JOURNALS_NAME, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &st) == 0);
    unsigned char *data = malloc((size_t)st.st_size + 1);
    CHECK(read(fd, data, (size_t)st.st_size) == st.st_size);
    close(fd);
    *size = (size_t)st.st_size;
    return data;
}

/* Make the log of DIR SIZE bytes at DATA. */
static inline void journals_put_image(int dir, const unsigned char *data, size_t size)
{
    int fd = openat(dir, JOURNALS_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

#endif
