/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/label.h"

#include <errno.h>

#include "limits.h"
#include "tests/unit/check.h"

#define T0 INT64_C(1795551330123456) /* 2026-11-24T20:15:30.123456Z */

static struct label sample(void)
{
    return (struct label){.op = RECORD_PUT,
                          .key = SPAN_LITERAL("shop/web"),
                          .version = 3,
                          .updated_us = T0,
                          .validity = {T0 + 1000000, VALIDITY_NEVER}};
}

TEST(text)
{
    char text[LABEL_TEXT];
    struct label label = sample(), back;
    struct span span = label_write(&label, text);
    CHECK(span_is(span, "put shop/web 3 2026-11-24T20:15:30.123456Z "
                        "2026-11-24T20:15:31.123456Z never"));
    CHECK_EQ_INT(label_read(span, &back), 0);
    CHECK(label_equals(&label, &back));
}

TEST(refusals)
{
    static const char *const bad[] = {
        "",
        "put",
        "put a/b 1 2026-11-24T20:15:30Z now",
        "put a/b 1 2026-11-24T20:15:30Z now never more",
        "get a/b 1 2026-11-24T20:15:30Z now never",
        "put ab 1 2026-11-24T20:15:30Z now never",
        "put a/\033[2J 1 2026-11-24T20:15:30Z now never",
        "put a/b x 2026-11-24T20:15:30Z now never",
        "put a/b 1 today now never",
        "put a/b 1 2026-11-24T20:15:30Z soon never",
        "put a/b 1 2026-11-24T20:15:30Z now ever",
    };
    struct label label;
    CHECK_EQ_INT(label_read(span_of("delete a/b 1 2026-11-24T20:15:30Z now never"), &label), 0);
    CHECK_EQ_INT(label.op, RECORD_DELETE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (label_read(span_of(bad[i]), &label) != -EINVAL)
            check_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
}

TEST(longest)
{
    char key[LIMIT_KEY + 1], text[LABEL_TEXT];
    memset(key, 'a', LIMIT_KEY);
    key[LIMIT_DNS_LABEL] = '/';
    memcpy(key + LIMIT_DNS_LABEL + 1, "k8s.", 4);
    struct label label = sample(), back;
    label.key = (struct span){key, LIMIT_KEY};
    label.version = UINT64_MAX;
    label.op = RECORD_EXPIRE;
    label.validity.expires_us = T0;
    struct span span = label_write(&label, text);
    CHECK(span.length <= LIMIT_META);
    CHECK_EQ_INT(label_read(span, &back), 0);
    CHECK(label_equals(&label, &back));
}

CHECK_MAIN
