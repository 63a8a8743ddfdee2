/* SPDX-License-Identifier: BSD-2-Clause */
/* Time: the monotonic clock for deadlines, the wall clock for records, RFC 3339 for people. */
#ifndef VSECM_BASE_CLOCK_H
#define VSECM_BASE_CLOCK_H

#include <stdint.h>

#include "base/span.h"

#define CLOCK_RFC3339 32 /* bytes of "2026-11-24T20:15:30.123456Z" with its NUL, and some room */

#define CLOCK_RFC3339_LENGTH 27 /* of clock_format(), without the NUL */

/* Milliseconds and nanoseconds since some fixed past; never steps back. */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_ns(void);

/* Nanoseconds since the kernel booted, suspended or not. */
uint64_t clock_boot_ns(void);

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_us(void);

/* WALL_US as RFC 3339 in UTC: with microseconds, and without a fraction. */
void clock_format(int64_t wall_us, char ret[CLOCK_RFC3339]);
void clock_format_seconds(int64_t wall_us, char ret[CLOCK_RFC3339]);

/*
 * The time that TEXT says in RFC 3339, any offset: "2026-11-24T20:15:30.5+01:00". Of a fraction,
 * what is finer than a microsecond is dropped. A leap second is taken for the second before it.
 * 0, or -EINVAL for anything else, also for days that no calendar has and years before 1970.
 */
int clock_parse(struct span text, int64_t *ret);

#endif
