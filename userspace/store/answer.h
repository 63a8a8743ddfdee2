/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answer to a workload that asks for its secret, rendered once, when the value is stored: HTTP
 * head and JSON in one piece, so that a read formats nothing and leaves in one send().
 */
#ifndef VSECM_STORE_ANSWER_H
#define VSECM_STORE_ANSWER_H

#include "base/span.h"

struct arena;
struct store_version;
struct writer;

/*
 * Render VERSION, whose number and times are set, with the value BARE, into the arena, and set its
 * block and spans. The JSON is {"data":…,"created":…,"updated":…}; a value that is no UTF-8 text is
 * given in base64 and marked "encoding":"base64". Where JSON writes the value as it is, the bare
 * value is a part of it, so that each byte is kept once; else it follows the JSON.
 * 0, or -ENOSPC when the arena is full.
 */
int answer_render(struct arena *arena, struct span bare, struct store_version *version);

/*
 * The entity tag of a version, with its quotes. The number alone would not do: it starts at 1 again
 * when a key was deleted or the daemon started anew, and a client would take another value for the
 * one it has.
 */
#define ANSWER_ETAG 48
struct span answer_etag(const struct store_version *version, char ret[ANSWER_ETAG]);

/* The head lines that name VERSION: ETag and VSecM-Version. */
void answer_describe(struct writer *w, const struct store_version *version);

#endif
