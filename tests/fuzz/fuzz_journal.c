/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a record log: opened or refused, and then as the salvage says; what opens opens
 * again as it was. CRCs would keep a fuzzer outside, so the input is a list of frames to be
 * written, then of bytes to be changed; or, when it begins as a log does, the file itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "store/format.h"
#include "store/journal.h"
#include "store/salvage.h"
#include "tests/fuzz/fuzz.h"

#define NAME "records.log"
#define FILE_MAX (64u * 1024u)

static char directory[] = "/dev/shm/vsecm-fuzz.XXXXXX";
static int dir = -1;
static unsigned char file[FILE_MAX];

static void clean_up(void)
{
    unlinkat(dir, NAME, 0);
    rmdir(directory);
}

static void begin(void)
{
    if (dir >= 0)
        return;
    MUST(mkdtemp(directory) != NULL);
    dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    MUST(dir >= 0);
    atexit(clean_up);
}

/* ---- a file from the input ---------------------------------------------------------------------
 */

static uint64_t take(const uint8_t **data, size_t *size)
{
    uint64_t value = *size ? **data : 0;
    *data += *size > 0;
    *size -= *size > 0;
    return value;
}

/* A frame whose CRCs are right and whose fields are the fuzzer's, small numbers near the sound
 * ones.
 */
static size_t write_frame(const uint8_t **data, size_t *size, size_t at, uint32_t log)
{
    static uint64_t sequence;
    if (at < 64)
        sequence = 0;
    struct format_frame frame = {.log = log};
    uint64_t kind = take(data, size);
    frame.kind = kind & 64 ? FORMAT_CHECKPOINT : FORMAT_RECORD;
    frame.flags = kind & 3;
    frame.body = (uint32_t)take(data, size) + (kind & 64 ? FORMAT_TIME : 0);
    frame.meta = (uint16_t)(kind & 64 ? 0 : frame.body / 2);
    sequence += take(data, size) % 16 + (kind & 32 ? 0 : 1);
    frame.sequence = sequence;
    uint64_t back = take(data, size) * (kind & 16 ? 1 : 8);
    frame.durable = back < at ? at - back : 0;
    memset(file + at + FORMAT_FRAME, (int)take(data, size), frame.body);
    frame.body_crc = crc32c_update(0, file + at + FORMAT_FRAME, frame.body);
    format_write_frame(&frame, at, file + at);
    return at + FORMAT_FRAME + frame.body;
}

static size_t make_file(const uint8_t *data, size_t size)
{
    if (size >= 7 && memcmp(data, "VSECLOG", 7) == 0) {
        memcpy(file, data, size);
        return size;
    }
    uint32_t log = format_write_head(SPAN_LITERAL("preface"), file);
    size_t at = (size_t)format_head_size(7);
    uint64_t frames = take(&data, &size) % 32, changes;
    while (frames--)
        at = write_frame(&data, &size, at, log);
    changes = take(&data, &size) % 8;
    while (changes--) {
        uint64_t place = take(&data, &size) << 8 | take(&data, &size);
        file[place % at] ^= (unsigned char)take(&data, &size);
    }
    return at - take(&data, &size) % (at / 2);
}

static void put_file(size_t size)
{
    int fd = openat(dir, NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    MUST(fd >= 0 && write(fd, file, size) == (ssize_t)size);
    close(fd);
}

/* ---- what must hold ----------------------------------------------------------------------------
 */

struct sum {
    uint64_t frames, last;
    uint32_t crc;
};

static int add(void *context, const struct journal_frame *frame)
{
    struct sum *sum = context;
    MUST(frame->sequence > sum->last);
    sum->last = frame->sequence;
    sum->frames++;
    sum->crc = crc32c_update(sum->crc, frame->meta.data, frame->meta.length);
    sum->crc = crc32c_update(sum->crc, frame->payload.data, frame->payload.length);
    return 0;
}

static int open_log(struct sum *sum, struct journal_report *report, struct journal **ret)
{
    struct error error = {""};
    *sum = (struct sum){0};
    int r = journal_open(dir, NAME, add, sum, report, ret, &error);
    MUST((r < 0) == (error.text[0] != '\0'));
    MUST(r == 0 || r == -EUCLEAN || r == -EPROTONOSUPPORT);
    return r;
}

static int tell(void *context, const struct salvage_segment *segment)
{
    uint64_t *at = context;
    MUST(*at == 0 || segment->offset == *at);
    *at = segment->offset + segment->size;
    return 0;
}

static void must_open_alike(size_t size, const struct sum *sum, struct journal *journal)
{
    struct journal_report report;
    struct sum again;
    unsigned char *payload;
    struct journal_place place;
    uint64_t next = journal_next_sequence(journal);
    journal_close(journal);
    MUST(open_log(&again, &report, &journal) == 0);
    MUST(report.cut == 0 && again.frames == sum->frames && again.crc == sum->crc);
    MUST(journal_end(journal) <= size && journal_next_sequence(journal) <= next);
    if (journal_next_sequence(journal) <= FORMAT_SEQUENCE_MAX) {
        MUST(journal_reserve(journal, SPAN_LITERAL("m"), 1, &payload, &place) == 0);
        *payload = 0;
        MUST(journal_write(journal, 1) == 0);
        journal_close(journal);
        MUST(open_log(&again, &report, &journal) == 0);
        MUST(report.cut == 0 && again.frames == sum->frames + 1);
    }
    journal_close(journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct salvage_report salvage;
    struct journal_report report;
    struct journal *journal;
    struct error error = {""};
    struct sum sum;
    uint64_t at = 0;
    if (size > 4096)
        return 0;
    begin();
    size = make_file(data, size);
    put_file(size);
    int inspected = salvage_inspect(dir, NAME, tell, &at, &salvage, &error);
    MUST(inspected == 0 || inspected == -EPROTONOSUPPORT);
    int r = open_log(&sum, &report, &journal);
    MUST((r < 0) == (inspected < 0 || salvage_is_damaged(&salvage)));
    if (r == 0) {
        MUST(report.frames == salvage.records && report.cut == salvage.tail);
        MUST(sum.frames == report.frames);
        must_open_alike(size, &sum, journal);
    }
    return 0;
}
