/* SPDX-License-Identifier: BSD-2-Clause */
/* base64 with one spelling for each value. */
#include "tests/unit/check.h"

#include "base/writer.h"
#include "client/unbase64.h"

#include <errno.h>

TEST(what_is_written_is_read)
{
    char bytes[64] = "", text[128], read[64];
    for (size_t length = 0; length <= sizeof bytes; length++) {
        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)(unsigned char)check_random(256);
        struct writer writer = writer_on(text, sizeof text);
        writer_base64(&writer, bytes, length);
        CHECK_EQ_INT(unbase64_read(text, writer.used, read), (long)length);
        CHECK_MEM(read, bytes, length);
    }
}

TEST(what_is_none_is_refused)
{
    static const char *const wrong[] = {
        "A",    "AA",   "AAA",      "AAAAA", "A===",  "====", "AA=A",    "=AAA",
        "AB==", "AAB=", "AA==AAAA", "AA A",  "AA\n=", "AA-_", "A\xff==", "AAAA====",
    };
    char read[16];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (unbase64_read(wrong[i], strlen(wrong[i]), read) != -EINVAL)
            check_fail(__FILE__, __LINE__, "taken: %s", wrong[i]);
    CHECK_EQ_INT(unbase64_read("AQ==", 4, read), 1);
    CHECK_EQ_INT(read[0], 1);
}

CHECK_MAIN
