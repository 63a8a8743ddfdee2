/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/validity.h"

#include <errno.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/writer.h"
#include "limits.h"

#define LAST_SECOND_US (INT64_C(253402300799) * 1000000) /* 9999-12-31T23:59:59Z */

static int read_relative(struct span text, int64_t now_us, int64_t *ret)
{
    uint64_t ms;
    struct span amount = {text.data + 1, text.length - 1};
    if (str_duration_ms(amount, LIMIT_VALIDITY_MS, &ms) < 0)
        return -EINVAL;
    *ret = now_us + (int64_t)ms * 1000;
    return 0;
}

int validity_read(struct span text, int64_t now_us, int64_t *ret)
{
    int64_t moment = VALIDITY_NOW;
    int r = 0;
    if (span_is(text, "never"))
        moment = VALIDITY_NEVER;
    else if (text.length && text.data[0] == '+')
        r = read_relative(text, now_us, &moment);
    else if (!span_is(text, "now"))
        r = clock_parse(text, &moment);
    if (r == 0)
        *ret = moment >= LAST_SECOND_US ? VALIDITY_NEVER : moment;
    return r;
}

void validity_write(struct writer *w, int64_t moment_us, int is_short)
{
    char text[CLOCK_RFC3339];
    if (moment_us == VALIDITY_NOW) {
        writer_literal(w, "now");
    } else if (moment_us == VALIDITY_NEVER) {
        writer_literal(w, "never");
    } else {
        (is_short ? clock_format_seconds : clock_format)(moment_us, text);
        writer_text(w, text);
    }
}

enum validity_state validity_at(const struct validity *validity, int64_t now_us)
{
    if (now_us >= validity->expires_us)
        return VALIDITY_EXPIRED;
    return now_us < validity->not_before_us ? VALIDITY_NOT_YET : VALIDITY_VALID;
}
