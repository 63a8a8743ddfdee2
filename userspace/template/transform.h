/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A secret's value, shaped by a template and a format, by the rules of VMware Secrets Manager: what
 * does not fit leaves the value as it is. docs/TEMPLATES.md has them, with examples, and tells
 * where they are others here.
 */
#ifndef VSECM_TEMPLATE_TRANSFORM_H
#define VSECM_TEMPLATE_TRANSFORM_H

#include "base/span.h"

struct error;
struct pool;
struct text;

enum transform_format {
    TRANSFORM_JSON, /* what is rendered counts if it is a JSON object */
    TRANSFORM_YAML, /* a JSON object becomes YAML, anything else stays as it is */
    TRANSFORM_RAW,  /* what is rendered, whatever it is */
};

/* The format NAME: json, yaml, raw. 0, or -EINVAL. */
int transform_format_of(struct span name, enum transform_format *ret);

/*
 * Write VALUE (not empty) to OUT as TEMPLATE (empty: none) and FORMAT make it; all memory comes
 * from POOL. 0, and where the template could not be used *error says why, else it is empty. -EINVAL
 * for an empty value; -E2BIG, -ETIME, -ENOSPC when a limit was met: then OUT is of no use. *error
 * holds words of the template, never of the value.
 */
int transform(struct span value, struct span template, enum transform_format format,
              struct pool *pool, struct text *out, struct error *error);

/*
 * Write exactly what Go's Execute writes for TEMPLATE and VALUE, any JSON. 0; -EINVAL where Go
 * fails, too; or a limit as above.
 */
int transform_strict(struct span value, struct span template, struct pool *pool, struct text *out,
                     struct error *error);

#endif
