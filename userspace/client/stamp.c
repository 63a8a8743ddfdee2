/* SPDX-License-Identifier: BSD-2-Clause */
#include "client/stamp.h"

#include <time.h>

void stamp_write(int64_t us, char (*ret)[32])
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm;
    (*ret)[0] = '\0';
    if (us < 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
        return;
    strftime(*ret, sizeof *ret, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
