/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refusals of one kind to one pod, for the audit trail: the first has its record at once, those of
 * the next second are counted into one. A flood of them is a line a second, and none is left out.
 */
#ifndef VSECM_SERVE_TALLY_H
#define VSECM_SERVE_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* All zero is an empty one. */
struct tally {
    uint64_t until_ms; /* until when they are counted only; 0: nothing was refused of late */
    uint64_t count;    /* since the last record */
    char *subject;     /* of the last one of these, owned; NULL: there was no memory for it */
    size_t length;
};

/*
 * One more, to whom audit_line_subject() has written as SUBJECT. Non-zero: it is to be recorded by
 * itself; else it will be among those of tally_take().
 */
int tally_add(struct tally *tally, struct span subject, uint64_t now_ms);

/*
 * Their time is over: how many have no record yet (0: none), *subject of the last, which lives
 * until the next call. Call it again until tally_is_empty().
 */
uint64_t tally_take(struct tally *tally, uint64_t now_ms, struct span *subject);

/* Non-zero when nothing is waited for. */
int tally_is_empty(const struct tally *tally);

void tally_drop(struct tally *tally);

#endif
