/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_base64.h"

#include <errno.h>

#include "base/writer.h"
#include "tests/unit/check.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* RFC 4648, section 10, without and with padding. */
TEST(vectors_of_the_standard)
{
    static const struct {
        const char *bytes, *text, *padded;
    } vectors[] = {
        {"", "", ""},
        {"f", "Zg", "Zg=="},
        {"fo", "Zm8", "Zm8="},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg", "Zm9vYg=="},
        {"fooba", "Zm9vYmE", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct span text = span_of(vectors[i].text), padded = span_of(vectors[i].padded);
        size_t length = strlen(vectors[i].bytes), got = 99;
        char written[16], back[8];
        struct writer w = writer_on(written, sizeof written);
        age_base64_write(&w, vectors[i].bytes, length);
        CHECK_EQ_INT(w.used, AGE_BASE64(length));
        CHECK(span_equal((struct span){written, w.used}, text));
        CHECK_EQ_INT(age_base64_read(text, back, sizeof back, &got), 0);
        CHECK_EQ_INT(got, length);
        CHECK_MEM(back, vectors[i].bytes, length);
        CHECK_EQ_INT(age_base64_read_exactly(text, back, length), 0);
        CHECK_EQ_INT(age_base64_read_exactly(text, back, length + 1), -EINVAL);
        CHECK_EQ_INT(age_base64_read_padded(padded, back, sizeof back, &got), 0);
        CHECK_EQ_INT(got, length);
        CHECK_MEM(back, vectors[i].bytes, length);
        if (length % 3) {
            CHECK_EQ_INT(age_base64_read(padded, back, sizeof back, &got), -EINVAL);
            CHECK_EQ_INT(age_base64_read_padded(text, back, sizeof back, &got), -EINVAL);
        }
        if (length)
            CHECK_EQ_INT(age_base64_read(text, back, length - 1, &got), -EINVAL);
    }
}

/* At each place exactly the 64 letters; a place whose last bits must be zero takes fewer. */
TEST(letters_and_nothing_else)
{
    static const unsigned places[][4] = {{64, 64, 64, 64}, {64, 64, 16, 0}, {64, 4, 0, 0}};
    for (size_t bytes = 1; bytes <= 3; bytes++)
        for (size_t place = 0; place < AGE_BASE64(bytes); place++) {
            unsigned taken = 0;
            for (unsigned c = 0; c < 256; c++) {
                char text[4] = "AAAA", back[3];
                text[place] = (char)c;
                int r =
                    age_base64_read_exactly((struct span){text, AGE_BASE64(bytes)}, back, bytes);
                taken += r == 0;
                CHECK(r == -EINVAL || (c && strchr(letters, (int)c)));
            }
            CHECK_EQ_INT(taken, places[3 - bytes][place]);
        }
}

CHECK_MAIN
