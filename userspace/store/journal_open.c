/* SPDX-License-Identifier: BSD-2-Clause */
/* A log that some earlier process left: checked, cut where it was torn, and read. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "store/journal_state.h"
#include "store/scan.h"

struct reading {
    int dir;
    const char *name;
    struct scan scan;
    uint64_t batch;      /* where the last complete batch ends */
    uint64_t checkpoint; /* where the last checkpoint ends */
    uint64_t last;       /* sequence of the frame before */
    journal_visit *visit;
    void *context;
    struct journal_report report;
};

static int explain(const struct reading *reading, uint64_t offset, int r, struct error *error)
{
    return scan_explain(&reading->scan, reading->name, offset, r, error);
}

/* ---- first pass: check -------------------------------------------------------------------------
 */

static int check(struct reading *reading, struct error *error)
{
    struct scan_frame frame;
    uint64_t at = reading->scan.start;
    int r = 0;
    reading->batch = at;
    while (at < reading->scan.size &&
           (r = scan_next(&reading->scan, at, reading->batch, reading->last, &frame)) == 0) {
        at = frame.end;
        reading->last = frame.header.sequence;
        if (frame.header.flags & FORMAT_LAST)
            reading->batch = at;
        if (frame.header.kind == FORMAT_CHECKPOINT)
            reading->checkpoint = at;
    }
    if (r == -EUCLEAN) /* sequences of a tail are used up, though it is going to be cut */
        r = scan_judge(&reading->scan, at, &reading->last);
    if (r == -EUCLEAN)
        reading->report.damage = at;
    return r < 0 ? explain(reading, at, r, error) : 0;
}

/* ---- between: cut ------------------------------------------------------------------------------
 */

/* What is read now counts, so it must be what a power cut would leave: also the name. */
static int settle(struct reading *reading, struct error *error)
{
    int fd = reading->scan.fd;
    reading->report.cut = reading->scan.size - reading->batch;
    if (reading->report.cut && ftruncate(fd, (off_t)reading->batch) < 0)
        return error_errno(error, -errno, "%s: cannot cut a torn tail", reading->name);
    if (fsync(fd) < 0 || fsync(reading->dir) < 0)
        return error_errno(error, -errno, "cannot sync %s", reading->name);
    return 0;
}

/* ---- second pass: visit ------------------------------------------------------------------------
 */

static int visit_all(struct reading *reading, struct error *error)
{
    struct scan_frame frame;
    for (uint64_t at = reading->scan.start; at < reading->batch; at = frame.end) {
        int r = scan_frame(&reading->scan, at, &frame);
        if (r == -EUCLEAN)
            reading->report.damage = at;
        if (r < 0)
            return explain(reading, at, r, error);
        if (frame.header.kind != FORMAT_RECORD)
            continue;
        reading->report.frames++;
        struct journal_frame record = {
            .sequence = frame.header.sequence,
            .meta = frame.meta,
            .payload = frame.payload,
            .place = {at, (uint32_t)(frame.end - at)},
        };
        r = reading->visit ? reading->visit(reading->context, &record) : 0;
        if (r != 0)
            return r;
    }
    return 0;
}

/* ---- together ----------------------------------------------------------------------------------
 */

/* The journal stands, on a copy of the descriptor, before the first visit: no failure after those.
 */
static int attach(struct reading *reading, struct span preface, struct journal **ret)
{
    int fd = fcntl(reading->scan.fd, F_DUPFD_CLOEXEC, 0);
    return fd < 0 ? -errno : journal_attach(fd, preface, reading->scan.log, reading->batch, ret);
}

static int read_all(struct reading *reading, struct journal **ret, struct error *error)
{
    struct span preface;
    int r = scan_head(&reading->scan, &preface);
    if (r < 0)
        return explain(reading, 0, r, error);
    struct journal *journal = NULL;
    reading->batch = reading->scan.start;
    r = attach(reading, preface, &journal);
    if (r < 0)
        return error_errno(error, r, "%s", reading->name);
    r = check(reading, error);
    if (r == 0)
        r = settle(reading, error);
    if (r == 0)
        r = visit_all(reading, error);
    if (r != 0) {
        journal_close(journal);
        return r;
    }
    journal->end = journal->batch = journal->durable = reading->batch;
    journal->checkpoint = reading->checkpoint;
    journal->last_sequence = reading->last;
    *ret = journal;
    return 0;
}

int journal_open(int dir, const char *name, journal_visit *visit, void *context,
                 struct journal_report *report, struct journal **ret, struct error *error)
{
    struct reading reading = {.dir = dir, .name = name, .visit = visit, .context = context};
    *report = (struct journal_report){0};
    int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return error_errno(error, -errno, "%s", name);
    int r = scan_begin(&reading.scan, fd);
    r = r < 0 ? explain(&reading, 0, r, error) : read_all(&reading, ret, error);
    *report = reading.report;
    scan_end(&reading.scan);
    close(fd);
    return r;
}
