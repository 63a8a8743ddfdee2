/* SPDX-License-Identifier: BSD-2-Clause */
/* Times as the daemon writes them in its answers: RFC 3339, UTC, whole seconds. */
#ifndef VSECM_CLIENT_STAMP_H
#define VSECM_CLIENT_STAMP_H

#include <stdint.h>

/* US are microseconds since 1970; of what has no year of four digits *ret is "". */
void stamp_write(int64_t us, char (*ret)[32]);

#endif
