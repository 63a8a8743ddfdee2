/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/validity.h"

#include <errno.h>

#include "base/writer.h"
#include "tests/unit/check.h"

#define T0 INT64_C(1795551330123456) /* 2026-11-24T20:15:30.123456Z */
#define SECOND INT64_C(1000000)

TEST(readings)
{
    static const struct {
        const char *text;
        int64_t moment; /* -1: refused */
    } rows[] = {
        {"now", VALIDITY_NOW},
        {"never", VALIDITY_NEVER},
        {"2026-11-24T20:15:30.123456Z", T0},
        {"2026-11-24T21:15:30+01:00", T0 - 123456},
        {"+90d", T0 + 90 * 86400 * SECOND},
        {"+12h", T0 + 12 * 3600 * SECOND},
        {"+30m", T0 + 30 * 60 * SECOND},
        {"+45s", T0 + 45 * SECOND},
        {"+0s", T0},
        {"9999-12-31T23:59:59.999999999Z", VALIDITY_NEVER},
        {"9999-12-31T23:59:58Z", INT64_C(253402300798) * SECOND},
        {"", -1},
        {"+", -1},
        {"+90", -1},
        {"+ 90d", -1},
        {"90d", -1},
        {"-90d", -1},
        {"+90y", -1},
        {"+99999999d", -1},
        {"tomorrow", -1},
        {"Never", -1},
        {"2026-11-24", -1},
        {"1795551330", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t moment = -1;
        int r = validity_read(span_of(rows[i].text), T0, &moment);
        if (moment != rows[i].moment || r != (rows[i].moment < 0 ? -EINVAL : 0))
            check_fail(__FILE__, __LINE__, "'%s': %d, %lld", rows[i].text, r, (long long)moment);
    }
}

TEST(what_is_written_can_be_read)
{
    static const int64_t moments[] = {VALIDITY_NOW, VALIDITY_NEVER, 1, T0};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        char text[64];
        int64_t back = -1;
        struct writer w = writer_on(text, sizeof text);
        validity_write(&w, moments[i], 0);
        CHECK_EQ_INT(validity_read((struct span){text, w.used}, 0, &back), 0);
        CHECK_EQ_INT(back, moments[i]);
    }
}

TEST(states)
{
    struct validity validity = {T0, T0 + SECOND};
    CHECK_EQ_INT(validity_at(&validity, T0 - 1), VALIDITY_NOT_YET);
    CHECK_EQ_INT(validity_at(&validity, T0), VALIDITY_VALID);
    CHECK_EQ_INT(validity_at(&validity, T0 + SECOND - 1), VALIDITY_VALID);
    CHECK_EQ_INT(validity_at(&validity, T0 + SECOND), VALIDITY_EXPIRED);
    validity = VALIDITY_ALWAYS;
    CHECK_EQ_INT(validity_at(&validity, 0), VALIDITY_VALID);
    CHECK_EQ_INT(validity_at(&validity, INT64_MAX - 1), VALIDITY_VALID);
    validity = (struct validity){T0, T0 - SECOND}; /* never readable: over counts first */
    CHECK_EQ_INT(validity_at(&validity, T0 - 1), VALIDITY_EXPIRED);
}

CHECK_MAIN
