/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/gen.h"

#include <errno.h>

#include "base/error.h"
#include "template/text.h"
#include "tests/unit/check.h"
#include "tests/unit/pools.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SYMBOLS "!@#$%^&*()-_+={}[]|<>,.?/"

static struct pool *pool;
static struct text out;
static struct error error;

static void some_random(void *context, void *ret, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)ret)[i] = (unsigned char)check_random(256);
}

/* Bytes 0, 1, 2 ... 255, 0 ... */
static void in_order(void *context, void *ret, size_t length)
{
    unsigned char *next = context;
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)ret)[i] = (*next)++;
}

static int run(const char *pattern)
{
    pool_free(pool);
    pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    error = (struct error){""};
    int r = gen_write(span_of(pattern), some_random, NULL, &out, &error);
    text_byte(&out, '\0');
    return r;
}

static void end(void)
{
    pool_free(pool);
    pool = NULL;
}

/* COUNT characters at TEXT are all of ALPHABET. */
static void check_of(const char *text, size_t count, const char *alphabet)
{
    for (size_t i = 0; i < count; i++)
        if (!text[i] || !strchr(alphabet, text[i]))
            check_fail(__FILE__, __LINE__, "byte %d is not of %s", text[i], alphabet);
}

TEST(what_is_around_stays)
{
    CHECK_EQ_INT(run("football[\\w]{8}bartender"), 0);
    CHECK_EQ_INT(strlen(out.data), 25);
    CHECK(memcmp(out.data, "football", 8) == 0 && strcmp(out.data + 16, "bartender") == 0);
    check_of(out.data + 8, 8, LETTERS "0123456789" SYMBOLS);
    CHECK_EQ_INT(run("football[\\x]{4}bartender"), 0);
    check_of(out.data + 8, 4, SYMBOLS);
    CHECK_EQ_INT(run("[a-c]{3}-[0-9]{2}[X]{1}"), 0);
    CHECK_EQ_INT(strlen(out.data), 7);
    check_of(out.data, 3, "abc");
    CHECK(out.data[3] == '-' && out.data[6] == 'X');
    check_of(out.data + 4, 2, "0123456789");
    end();
}

TEST(inside_of_json)
{
    CHECK_EQ_INT(run("{\"a\":[1,[2]],\"b\":[{\"c\":\"x-[a-f0-9]{6}\"},{\"d\":\"[\\d]{2}\"}]}"), 0);
    CHECK(memcmp(out.data, "{\"a\":[1,[2]],\"b\":[{\"c\":\"x-", 26) == 0);
    check_of(out.data + 26, 6, "abcdef0123456789");
    CHECK(memcmp(out.data + 32, "\"},{\"d\":\"", 9) == 0);
    CHECK_STR(out.data + 43, "\"}]}");
    end();
}

/* Each alphabet is exactly this: all of it comes out, and nothing else. */
TEST(alphabets)
{
    static const struct {
        const char *ranges, *characters;
    } rows[] = {
        {"a-z", "abcdefghijklmnopqrstuvwxyz"},
        {"A-Z", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
        {"0-9", "0123456789"},
        {"a-Z", LETTERS},
        {"y-B", "yzAB"},
        {"5-5", "5"},
        {"x", "x"},
        {"a0c", "a0c"},
        {"a-cb-dd", "abcd"},
        {"\\d", "0123456789"},
        {"\\x", SYMBOLS},
        {"\\w", LETTERS "0123456789" SYMBOLS},
        {"\\d\\xa-fA", "0123456789" SYMBOLS "abcdefA"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char pattern[64];
        snprintf(pattern, sizeof pattern, "[%s]{4096}", rows[i].ranges);
        CHECK_EQ_INT(run(pattern), 0);
        CHECK_EQ_INT(strlen(out.data), 4096);
        check_of(out.data, 4096, rows[i].characters);
        for (const char *c = rows[i].characters; *c; c++)
            if (!strchr(out.data, *c))
                check_fail(__FILE__, __LINE__, "[%s] never yields %c", rows[i].ranges, *c);
    }
    end();
}

/* Of all 256 bytes, each once, no character comes more often than another. */
TEST(no_character_is_likelier)
{
    static const char *const patterns[] = {"[a-z]{1}", "[0-9]{1}", "[\\w]{1}", "[a-g]{1}",
                                           "[x]{1}"};
    static const size_t sizes[] = {26, 10, 87, 7, 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t each = 256 / sizes[i], counts[256] = {0};
        char pattern[32];
        unsigned char next = 0;
        snprintf(pattern, sizeof pattern, "%.*s{%zu}", (int)strcspn(patterns[i], "{"), patterns[i],
                 each * sizes[i]);
        end();
        pool = pools_new(LIMIT_TEMPLATE_MEMORY);
        out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
        CHECK_EQ_INT(gen_write(span_of(pattern), in_order, &next, &out, &error), 0);
        for (size_t j = 0; j < out.used; j++)
            counts[(unsigned char)out.data[j]]++;
        for (size_t j = 0; j < 256; j++)
            CHECK(counts[j] == 0 || counts[j] == each);
    }
    end();
}

/* Chi-squared over 52 characters: 51 degrees of freedom, above 110 once in a million runs. */
TEST(the_distribution_is_even)
{
    size_t counts[256] = {0};
    double expected = 64.0 * 4096 / 52, sum = 0;
    for (int i = 0; i < 64; i++) {
        CHECK_EQ_INT(run("[a-Z]{4096}"), 0);
        for (size_t j = 0; j < 4096; j++)
            counts[(unsigned char)out.data[j]]++;
    }
    for (const char *c = LETTERS; *c; c++) {
        double off = (double)counts[(unsigned char)*c] - expected;
        sum += off * off / expected;
    }
    CHECK(sum < 110);
    end();
}

TEST(two_values_differ)
{
    char first[33];
    CHECK_EQ_INT(run("[a-zA-Z0-9]{32}"), 0);
    memcpy(first, out.data, sizeof first);
    CHECK_EQ_INT(run("[a-zA-Z0-9]{32}"), 0);
    CHECK(strcmp(first, out.data) != 0);
    end();
}

TEST(what_is_wrong_and_where)
{
    static const struct {
        const char *pattern, *where, *what;
    } rows[] = {
        {"pass[z-a]{8}", "character 6: ", "z-a runs backwards"},
        {"pass[A-z]{8}", "character 6: ", "runs backwards"},
        {"[9-0]{8}", "character 2: ", "runs backwards"},
        {"[a-9]{8}", "character 2: ", "a range goes from"},
        {"[ab-]{8}", "character 4: ", "in brackets stand"},
        {"[a!]{8}", "character 3: ", "in brackets stand"},
        {"[\xc3\xa4]{8}", "character 2: ", "in brackets stand"},
        {"[\\q]{8}", "character 2: ", "behind a backslash"},
        {"[\\]{8}", "character 2: ", "in brackets stand"},
        {"x[]{8}", "character 3: ", "empty"},
        {"pass[a-Z]{8", "character 10: ", "from 1 to 4096"},
        {"[a-z]{", "character 6: ", "from 1 to 4096"},
        {"[a-z]{three}", "character 6: ", "from 1 to 4096"},
        {"[a-z]{3!}", "character 6: ", "from 1 to 4096"},
        {"[a-z]{3.0}", "character 6: ", "from 1 to 4096"},
        {"[a-z]{-3}", "character 6: ", "from 1 to 4096"},
        {"[a-z]{0}", "character 6: ", "from 1 to 4096"},
        {"[a-z]{4097}", "character 6: ", "from 1 to 4096"},
        {"[a-z]{99999999999999999999}", "character 6: ", "from 1 to 4096"},
        {"[a-z]{}", "character 6: ", "from 1 to 4096"},
        {"[a-z]{3}[z-a]{3}", "character 10: ", "runs backwards"},
        {"", "nothing in it is random", "[ranges]{N}"},
        {"password", "nothing in it is random", "[ranges]{N}"},
        {"[a-z]", "nothing in it is random", "[ranges]{N}"},
        {"a]{3}", "nothing in it is random", "[ranges]{N}"},
        {"{\"a\":[1,2]}", "nothing in it is random", "[ranges]{N}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ_INT(run(rows[i].pattern), -EINVAL);
        if (strncmp(error.text, rows[i].where, strlen(rows[i].where)) != 0 ||
            !strstr(error.text, rows[i].what))
            check_fail(__FILE__, __LINE__, "%s: %s", rows[i].pattern, error.text);
    }
    end();
}

TEST(lengths)
{
    CHECK_EQ_INT(run("[a]{1}"), 0);
    CHECK_STR(out.data, "a");
    CHECK_EQ_INT(run("[a]{4096}"), 0);
    CHECK_EQ_INT(run("[a]{007}"), 0);
    CHECK_EQ_INT(strlen(out.data), 7);
    end();
    pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    out = text_in(pool, 9);
    CHECK_EQ_INT(gen_write(SPAN_LITERAL("[a]{10}"), some_random, NULL, &out, &error), -E2BIG);
    CHECK(strstr(error.text, "9 bytes") != NULL);
    end();
}

TEST(no_memory)
{
    pool_free(pool);
    pool = pools_new(4096);
    out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    CHECK(pool_alloc(pool, 4096) == NULL);
    CHECK_EQ_INT(gen_write(SPAN_LITERAL("[a-z]{8}"), some_random, NULL, &out, &error), -E2BIG);
    CHECK(strstr(error.text, "no memory") != NULL);
    CHECK_EQ_INT(out.used, 0);
    end();
}

CHECK_MAIN
