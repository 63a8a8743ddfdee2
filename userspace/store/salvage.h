/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A record log for people: every piece of it named, also behind damage, and what is whole saved
 * into a new log. The log that is looked at is never changed. Nothing is opened: there is no key
 * here.
 */
#ifndef VSECM_STORE_SALVAGE_H
#define VSECM_STORE_SALVAGE_H

#include <stdint.h>

#include "base/span.h"

struct error;

enum salvage_kind {
    SALVAGE_RECORD,     /* a record of a complete batch */
    SALVAGE_CHECKPOINT, /* a checkpoint */
    SALVAGE_PARTIAL,    /* a good frame whose batch lost another: it does not count */
    SALVAGE_DAMAGE,     /* what had been durable and is not readable; size 0: frames out of order */
    SALVAGE_TAIL,       /* what a crash left unfinished; the next start cuts it */
};

struct salvage_segment {
    enum salvage_kind kind;
    uint64_t offset;
    uint64_t size;
    uint64_t sequence; /* of a frame */
    struct span meta;  /* of a record, lives during the call; as it stands in the file */
};

/* One piece, in the file's order. What it returns, if not 0, ends the walk. */
typedef int salvage_visit(void *context, const struct salvage_segment *segment);

enum salvage_head {
    SALVAGE_HEAD_GOOD,
    SALVAGE_HEAD_COPIED, /* damaged, but a checkpoint has a copy of the preface */
    SALVAGE_HEAD_LOST,   /* damaged for good: no record can be told from noise, or be opened */
};

struct salvage_report {
    enum salvage_head head;
    uint64_t size;    /* of the file */
    uint64_t records; /* those that count */
    uint64_t checkpoints;
    uint64_t partial;       /* frames */
    uint64_t partial_bytes; /* of them */
    uint64_t damaged;       /* ranges, the head's included */
    uint64_t damaged_bytes;
    uint64_t missing; /* sequences that damaged ranges skip: at most so many records were there */
    uint64_t tail;    /* bytes */
};

/* Non-zero when a daemon would refuse the log. */
int salvage_is_damaged(const struct salvage_report *report);

/*
 * Walk over log NAME of DIR. 0 with *report; -EPROTONOSUPPORT, another -errno with *error, or what
 * VISIT (may be NULL) said.
 */
int salvage_inspect(int dir, const char *name, salvage_visit *visit, void *context,
                    struct salvage_report *report, struct error *error);

/*
 * Save the records that count of log NAME of DIR into a new log NAME of directory TO, which must
 * have none (-EEXIST), under the same preface. 0 with *report about the old one; -EUCLEAN when its
 * head is lost; another -errno with *error.
 */
int salvage_copy(int dir, const char *name, int to, struct salvage_report *report,
                 struct error *error);

#endif
