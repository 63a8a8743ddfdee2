/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/plain.h"

#include "tests/unit/check.h"

#define LONGEST 27u /* three words and a rest */

static int is_plain(unsigned char c)
{
    return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
}

/* A copy of its own, so that the sanitizer sees a byte too many being read. */
static size_t run_of(const char *data, size_t length)
{
    char *copy = malloc(length ? length : 1);
    memcpy(copy, data, length);
    size_t run = plain_run(copy, length);
    free(copy);
    return run;
}

TEST(all_plain)
{
    char text[LONGEST];
    for (unsigned c = 0; c < 256; c++) {
        if (!is_plain((unsigned char)c))
            continue;
        memset(text, (int)c, sizeof text);
        for (size_t length = 0; length <= LONGEST; length++)
            CHECK_EQ_INT(run_of(text, length), length);
    }
}

/* Each byte that is not plain, at each place, among plain neighbours at both ends of their range.
 */
TEST(one_that_is_not)
{
    static const char around[] = {' ', '~', 'a', '!', '#', '[', ']'};
    char text[LONGEST];
    for (unsigned c = 0; c < 256; c++)
        for (size_t i = 0; i < sizeof around && !is_plain((unsigned char)c); i++)
            for (size_t at = 0; at < LONGEST; at++) {
                memset(text, around[i], sizeof text);
                text[at] = (char)c;
                CHECK_EQ_INT(run_of(text, LONGEST), at);
                CHECK_EQ_INT(run_of(text, at), at);
            }
}

/* What one byte takes from the next must hide neither of them. */
TEST(two_beside_each_other)
{
    static const unsigned char odd[] = {0x00, 0x1f, '"', '\\', 0x7f, 0x80, 0xff};
    char text[16];
    for (size_t i = 0; i < sizeof odd; i++)
        for (unsigned c = 0; c < 256; c++)
            for (size_t at = 0; at + 1 < sizeof text; at++) {
                memset(text, 'x', sizeof text);
                text[at] = (char)c;
                text[at + 1] = (char)odd[i];
                CHECK_EQ_INT(run_of(text, sizeof text), at + (size_t)is_plain((unsigned char)c));
            }
}

CHECK_MAIN
