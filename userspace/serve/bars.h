/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who was refused too often: a score for each domain that leaks with time, and who is barred for
 * it until when. Book-keeping only: the caller makes and lifts the bars, and says what time it is.
 *
 * Of a table that is full, what is worth no more is forgotten. If nothing is, whoever is new is not
 * scored: its rate is limited all the same (serve/bucket.h).
 */
#ifndef VSECM_SERVE_BARS_H
#define VSECM_SERVE_BARS_H

#include <stddef.h>
#include <stdint.h>

struct bars;

struct bars *bars_new(size_t max);
void bars_free(struct bars *bars); /* NULL is fine */

/*
 * DOMAIN, a cgroup id, was refused once more. Non-zero is for how many milliseconds to bar it: it
 * counts as barred from now on. 0: not yet, or it is already.
 */
uint64_t bars_refused(struct bars *bars, uint64_t domain, uint64_t now_ms);

/* It could not be barred: it never was, and begins anew. */
void bars_undo(struct bars *bars, uint64_t domain);

/*
 * One whose time is over, or anyone with EVERYBODY: it is to be lifted and does not count as barred
 * any more; 0 when there is none. For a while it is remembered how long the last one was.
 */
uint64_t bars_lift(struct bars *bars, uint64_t now_ms, int everybody);

size_t bars_count(const struct bars *bars); /* of those that are barred */

#endif
