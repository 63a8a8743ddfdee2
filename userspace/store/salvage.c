/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/journal_state.h"
#include "store/scan.h"

struct walk {
    const char *name;
    struct scan scan;
    char *preface;
    size_t preface_length;
    uint64_t last; /* sequence of the frame before */
    salvage_visit *visit;
    void *context;
    struct salvage_report report;
};

int salvage_is_damaged(const struct salvage_report *report)
{
    return report->head != SALVAGE_HEAD_GOOD || report->damaged > 0;
}

/* ---- the head ----------------------------------------------------------------------------------
 */

static int keep_preface(struct walk *walk, struct span preface)
{
    walk->preface = malloc(preface.length + 1);
    if (!walk->preface)
        return -ENOMEM;
    memcpy(walk->preface, preface.data, preface.length);
    walk->preface_length = preface.length;
    return 0;
}

/* The first checkpoint that agrees with itself: its copy of the preface makes its log's number. */
static int find_copy(struct walk *walk)
{
    struct scan *scan = &walk->scan;
    struct scan_frame frame;
    int r;
    scan->any_log = 1;
    scan->start = 0;
    for (uint64_t at = 0; (r = scan_search(scan, at, &frame)) == 0; at = frame.end) {
        if (frame.header.kind != FORMAT_CHECKPOINT)
            continue;
        struct span preface = {frame.payload.data + FORMAT_TIME,
                               frame.payload.length - FORMAT_TIME};
        uint64_t start = format_head_size(preface.length);
        if (format_log_of(preface) != frame.header.log || frame.header.durable < start)
            continue;
        scan->any_log = 0;
        scan->log = frame.header.log;
        scan->start = start;
        return keep_preface(walk, preface);
    }
    return r;
}

static int read_head(struct walk *walk)
{
    struct span preface;
    int why = scan_head(&walk->scan, &preface);
    if (why == 0)
        return keep_preface(walk, preface);
    if (why != -EUCLEAN && why != -EPROTONOSUPPORT)
        return why;
    int r = find_copy(walk);
    if (r < 0 && r != -ENOENT)
        return r;
    if (r == -ENOENT && why == -EPROTONOSUPPORT)
        return why;
    walk->report.head = r == 0 ? SALVAGE_HEAD_COPIED : SALVAGE_HEAD_LOST;
    return 0;
}

/* ---- pieces ------------------------------------------------------------------------------------
 */

static int tell(struct walk *walk, const struct salvage_segment *segment)
{
    return walk->visit ? walk->visit(walk->context, segment) : 0;
}

static int tell_frame(struct walk *walk, const struct scan_frame *frame, int counts)
{
    struct salvage_report *report = &walk->report;
    int is_checkpoint = frame->header.kind == FORMAT_CHECKPOINT;
    struct salvage_segment segment = {
        .kind = is_checkpoint ? SALVAGE_CHECKPOINT
                : counts      ? SALVAGE_RECORD
                              : SALVAGE_PARTIAL,
        .offset = frame->offset,
        .size = frame->end - frame->offset,
        .sequence = frame->header.sequence,
        .meta = frame->meta,
    };
    report->checkpoints += segment.kind == SALVAGE_CHECKPOINT;
    report->records += segment.kind == SALVAGE_RECORD;
    report->partial += segment.kind == SALVAGE_PARTIAL;
    report->partial_bytes += segment.kind == SALVAGE_PARTIAL ? segment.size : 0;
    walk->last = frame->header.sequence;
    return tell(walk, &segment);
}

static int tell_damage(struct walk *walk, uint64_t from, uint64_t to)
{
    struct salvage_segment segment = {.kind = SALVAGE_DAMAGE, .offset = from, .size = to - from};
    walk->report.damaged++;
    walk->report.damaged_bytes += segment.size;
    return tell(walk, &segment);
}

static int tell_tail(struct walk *walk, uint64_t from)
{
    struct salvage_segment segment = {
        .kind = SALVAGE_TAIL, .offset = from, .size = walk->scan.size - from};
    walk->report.tail = segment.size;
    return tell(walk, &segment);
}

/* All frames from FROM to TO, which were read before. */
static int tell_frames(struct walk *walk, uint64_t from, uint64_t to, int counts)
{
    struct scan_frame frame;
    int r = 0;
    for (uint64_t at = from; at < to && r == 0; at = frame.end) {
        r = scan_frame(&walk->scan, at, &frame);
        if (r == 0)
            r = tell_frame(walk, &frame, counts);
    }
    return r;
}

/* ---- the walk ----------------------------------------------------------------------------------
 */

/* 1 with *end where the batch at FROM ends; 0 with *end where it breaks off; or -errno. */
static int measure_batch(struct walk *walk, uint64_t from, uint64_t *end)
{
    struct scan_frame frame;
    uint64_t last = walk->last;
    for (*end = from; *end < walk->scan.size; *end = frame.end) {
        int r = scan_next(&walk->scan, *end, from, last, &frame);
        if (r < 0)
            return r == -EUCLEAN ? 0 : r;
        last = frame.header.sequence;
        if (frame.header.flags & FORMAT_LAST) {
            *end = frame.end;
            return 1;
        }
    }
    return 0;
}

/* The first good frame at FROM or behind it whose sequence is new. */
static int search_new(struct walk *walk, uint64_t from, struct scan_frame *ret)
{
    int r;
    while ((r = scan_search(&walk->scan, from, ret)) == 0 && ret->header.sequence <= walk->last)
        from = ret->end;
    return r;
}

/* Over the damage at *AT and what is left of the batch that it tore, to where a batch may begin. */
static int pass_damage(struct walk *walk, uint64_t *at)
{
    struct scan_frame frame;
    uint64_t before = walk->last;
    int r = search_new(walk, *at, &frame);
    if (r == -ENOENT) { /* a witness is there, but it is out of order itself */
        r = tell_damage(walk, *at, walk->scan.size);
        *at = walk->scan.size;
        return r;
    }
    if (r < 0)
        return r;
    uint64_t next = frame.offset;
    walk->report.missing += frame.header.sequence - before - 1;
    r = tell_damage(walk, *at, next);
    while (r == 0 && next < walk->scan.size) {
        r = scan_frame(&walk->scan, next, &frame);
        if (r < 0 || (frame.header.flags & FORMAT_FIRST) || frame.header.sequence <= walk->last)
            break;
        next = frame.end;
        r = tell_frame(walk, &frame, 0);
    }
    *at = next;
    return r == -EUCLEAN ? 0 : r;
}

static int walk_frames(struct walk *walk)
{
    uint64_t at = walk->scan.start, end, unused = 0;
    int r = 0;
    while (at < walk->scan.size && r == 0) {
        r = measure_batch(walk, at, &end);
        if (r < 0)
            return r;
        if (r > 0) {
            r = tell_frames(walk, at, end, 1);
            at = end;
            continue;
        }
        r = end < walk->scan.size ? scan_judge(&walk->scan, end, &unused) : 0;
        if (r == 0)
            return tell_tail(walk, at);
        if (r != -EUCLEAN)
            return r;
        r = tell_frames(walk, at, end, 0);
        at = end;
        if (r == 0)
            r = pass_damage(walk, &at);
    }
    return r;
}

static int walk_all(struct walk *walk)
{
    walk->report.size = walk->scan.size;
    if (walk->report.head == SALVAGE_HEAD_LOST)
        return tell_damage(walk, 0, walk->scan.size);
    int r = walk->report.head == SALVAGE_HEAD_GOOD ? 0 : tell_damage(walk, 0, walk->scan.start);
    return r == 0 ? walk_frames(walk) : r;
}

/* ---- together ----------------------------------------------------------------------------------
 */

static void end_walk(struct walk *walk)
{
    scan_end(&walk->scan);
    free(walk->preface);
    if (walk->scan.fd >= 0)
        close(walk->scan.fd);
}

/* WALK with its head read; end_walk() either way. */
static int begin_walk(struct walk *walk, int dir, struct error *error)
{
    walk->scan.fd = openat(dir, walk->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (walk->scan.fd < 0)
        return error_errno(error, -errno, "%s", walk->name);
    int r = scan_begin(&walk->scan, walk->scan.fd);
    if (r == 0)
        r = read_head(walk);
    return r < 0 ? scan_explain(&walk->scan, walk->name, 0, r, error) : 0;
}

int salvage_inspect(int dir, const char *name, salvage_visit *visit, void *context,
                    struct salvage_report *report, struct error *error)
{
    struct walk walk = {.name = name, .visit = visit, .context = context};
    int r = begin_walk(&walk, dir, error);
    if (r == 0) {
        r = walk_all(&walk);
        if (r < 0)
            error_errno(error, r, "%s", name);
    }
    *report = walk.report;
    end_walk(&walk);
    return r;
}

struct copying {
    const struct journal_file *from;
    struct journal *to;
};

static int copy_record(void *context, const struct salvage_segment *segment)
{
    struct copying *copying = context;
    struct journal_place place, at = {segment->offset, (uint32_t)segment->size};
    if (segment->kind != SALVAGE_RECORD)
        return 0;
    return journal_copy(copying->to, copying->from, at, &place);
}

static int copy_all(struct walk *walk, struct journal *journal, int to, const char *temporary)
{
    const struct journal_file from = {.fd = walk->scan.fd, .references = 1, .log = walk->scan.log};
    struct copying copying = {&from, journal};
    walk->visit = copy_record;
    walk->context = &copying;
    int r = walk_all(walk);
    if (r == 0)
        r = journal_checkpoint(journal, clock_wall_us());
    return r == 0 ? journal_publish(journal, to, temporary, walk->name) : r;
}

static int copy_walk(struct walk *walk, int to, struct error *error)
{
    static const char temporary[] = "salvage.tmp";
    struct journal *journal;
    if (walk->report.head == SALVAGE_HEAD_LOST)
        return error_set(error, -EUCLEAN,
                         "%s: the preface is lost, and without it no record can ever be opened",
                         walk->name);
    if (faccessat(to, walk->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return error_set(error, -EEXIST, "there is a %s already", walk->name);
    struct span preface = {walk->preface, walk->preface_length};
    int r = journal_create(to, temporary, preface, 1, &journal, error);
    if (r < 0)
        return r;
    r = copy_all(walk, journal, to, temporary);
    journal_close(journal);
    if (r < 0) {
        unlinkat(to, temporary, 0);
        return error_errno(error, r, "cannot save %s", walk->name);
    }
    return 0;
}

int salvage_copy(int dir, const char *name, int to, struct salvage_report *report,
                 struct error *error)
{
    struct walk walk = {.name = name};
    int r = begin_walk(&walk, dir, error);
    if (r == 0)
        r = copy_walk(&walk, to, error);
    *report = walk.report;
    end_walk(&walk);
    return r;
}
