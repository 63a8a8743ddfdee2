/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/base64.h"

#include <errno.h>

#include "base/writer.h"
#include "tests/unit/check.h"

TEST(vectors_of_rfc_4648)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"Zg==", "f"},
                                          {"Zm8=", "fo"},
                                          {"Zm9v", "foo"},
                                          {"Zm9vYg==", "foob"},
                                          {"Zm9vYmE=", "fooba"},
                                          {"Zm9vYmFy", "foobar"},
                                          {"+/+/", "\xfb\xff\xbf"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[16];
        long length = base64_decode(span_of(rows[i][0]), text);
        CHECK_EQ_INT(length, strlen(rows[i][1]));
        CHECK_MEM(text, rows[i][1], (size_t)length);
    }
}

TEST(one_spelling_only)
{
    static const char *const bad[] = {"Z",    "Zg",   "Zg=",      "Zh==",   "Zm9=",
                                      "Z===", "====", "Zg==Zg==", "Zm9v\n", " Zm9v",
                                      "Zm-v", "Zm_v", "Zm=v",     "Zm8=="};
    char text[16];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (base64_decode(span_of(bad[i]), text) != -EINVAL)
            check_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
}

TEST(what_is_written_can_be_read)
{
    unsigned char bytes[256];
    char text[400], back[400];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 37);
    for (size_t length = 0; length <= sizeof bytes; length++) {
        struct writer w = writer_on(text, sizeof text);
        writer_base64(&w, bytes, length);
        CHECK_EQ_INT(base64_decode((struct span){text, w.used}, back), length);
        CHECK_MEM(back, bytes, length);
    }
}

CHECK_MAIN
