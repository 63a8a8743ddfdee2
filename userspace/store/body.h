/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer to a workload that asks for its secret, rendered once, when the value is stored. */
#ifndef VSECM_STORE_BODY_H
#define VSECM_STORE_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct secret;

/*
 * Render {"data":VALUE,"created":…,"updated":…} into the arena. A value that is no UTF-8 text is
 * given in base64 and marked "encoding":"base64". Where JSON writes the value as it is, *value
 * points into the JSON, so that each byte is kept once; else the bare value follows the JSON.
 * Returns the block with one reference, *length = bytes of JSON. NULL: the arena is full.
 */
struct secret *body_render(struct arena *arena, struct span bare, int64_t created_us,
                           int64_t updated_us, size_t *length, struct span *value);

#endif
