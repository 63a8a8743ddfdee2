/* SPDX-License-Identifier: BSD-2-Clause */
/* From when until when a value may be read. Pure functions over plain data. */
#ifndef VSECM_STORE_VALIDITY_H
#define VSECM_STORE_VALIDITY_H

#include <stdint.h>

#include "base/span.h"

struct writer;

/* UTC, microseconds since 1970. */
struct validity {
    int64_t not_before_us; /* readable from then on; VALIDITY_NOW: always was */
    int64_t expires_us;    /* not readable from then on; VALIDITY_NEVER: always will be */
};

#define VALIDITY_NOW INT64_C(0)
#define VALIDITY_NEVER INT64_MAX
#define VALIDITY_ALWAYS ((struct validity){VALIDITY_NOW, VALIDITY_NEVER})

enum validity_state {
    VALIDITY_VALID,
    VALIDITY_NOT_YET,
    VALIDITY_EXPIRED,
};

/*
 * A moment as people write it: RFC 3339, `+90d` (also h, m, s) from NOW_US on, "now" (VALIDITY_NOW)
 * or "never" (VALIDITY_NEVER). The last second of the year 9999 and later means never, too, for
 * that is how the original wrote it. 0 or -EINVAL.
 */
int validity_read(struct span text, int64_t now_us, int64_t *ret);

/* What validity_read() takes, for messages. */
#define VALIDITY_RULE "RFC 3339 (2027-01-31T12:00:00Z), +90d, +12h, +30m or +45s from now"

/* "now", "never", or RFC 3339 with microseconds; with IS_SHORT, with seconds. */
void validity_write(struct writer *w, int64_t moment_us, int is_short);

enum validity_state validity_at(const struct validity *validity, int64_t now_us);

#endif
