/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a workload gets of a value: transformed by its template, in its format (docs/TEMPLATES.md).
 * It is made when the value is stored or loaded, so that a read costs the same with and without.
 */
#ifndef VSECM_STORE_SHAPE_H
#define VSECM_STORE_SHAPE_H

#include "base/span.h"

struct arena;
struct error;
struct secret;
struct store_version;

/* The formats in words, to be put behind "must be ". */
#define SHAPE_FORMATS "json, yaml or raw"

/* Non-zero when TEXT is one of them. */
int shape_is_format(struct span text);

/* Non-zero when TEMPLATE and FORMAT leave every value as it is. */
int shape_is_plain(struct span template, struct span format);

/*
 * VALUE transformed, in ARENA: *ret is the caller's reference. What does not fit is served as it
 * was stored, as the original does, and so is what meets a limit; then *error, which may be NULL,
 * says why, else it is "". 0 or -ENOSPC.
 */
int shape_value(struct arena *arena, struct span value, struct span template, struct span format,
                struct secret **ret, struct error *error);

/* Render VERSION (store/answer.h) with VALUE in its shape. 0 or -ENOSPC. */
int shape_render(struct arena *arena, struct span value, struct span template, struct span format,
                 struct store_version *version);

#endif
