/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands where in a JSON object of the API: "metadata", "annotations", "vsecm.com/version". */
#ifndef VSECM_SYNC_LOOK_H
#define VSECM_SYNC_LOOK_H

#include <stdint.h>

#include "base/span.h"

struct cJSON;

/* The way to a member: names, one within the other, ended by NULL. */
#define LOOK(...)         \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

/* What PATH leads to, or NULL. Names are compared to the letter. */
const struct cJSON *look_at(const struct cJSON *object, const char *const *path);

/* The text there, which lives as long as OBJECT; empty when there is none or it is no text. */
struct span look_text(const struct cJSON *object, const char *const *path);

/* Non-zero when it is true. */
int look_true(const struct cJSON *object, const char *const *path);

/*
 * The whole number there, up to 2^53: 0 with *ret; -ENOENT: there is nothing; -ERANGE: it is
 * something else, or a larger one, which JSON as it is read here would change.
 */
int look_number(const struct cJSON *object, const char *const *path, uint64_t *ret);

#endif
