/* SPDX-License-Identifier: BSD-2-Clause */
/* Init commands as they are read, and how long is waited when they fail. */
#include "cli/init_file.h"

#include "base/backoff.h"
#include "base/error.h"
#include "cli/retry.h"
#include "limits.h"
#include "tests/unit/check.h"

#include <errno.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define T0 INT64_C(1795551330123456)
#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static struct init_file file;
static struct init_block block;
static struct error why;

static void begin(const char *text)
{
    file = (struct init_file){.rest = span_of(text)};
    why.text[0] = '\0';
}

static int next(void)
{
    return init_file_next(&file, T0, &block, &why);
}

TEST(a_file_of_everything)
{
    begin("# what a cluster begins with\n"
          "\n"
          "w:web, db\n"
          "n:shop,default\r\n"
          " s : a:b=c # no comment \n"
          "t:{\"U\":\"{{.u}}\"}\n"
          "f:yaml\n"
          "N:now\n"
          "E:+90d\n"
          "--\n"
          "--\n"
          "sleep:250\n"
          "--\n"
          "w:web\n"
          "e\n"
          "s:YWdl\n"
          "--\n"
          "d:true\n"
          "w:old\n"
          "d2:\n");
    CHECK_EQ_INT(next(), 1);
    CHECK_EQ_INT(block.line, 3);
    CHECK(span_is(block.workloads, "web, db") && span_is(block.namespaces, "shop,default"));
    CHECK(span_is(block.secret, "a:b=c # no comment"));
    CHECK(span_is(block.template, "{\"U\":\"{{.u}}\"}") && span_is(block.format, "yaml"));
    CHECK(span_is(block.not_before, "now") && span_is(block.expires, "+90d"));
    CHECK(!block.encrypted && !block.removes && !block.sleeps && !block.exits);
    struct span list = block.workloads, name;
    CHECK(init_file_next_name(&list, &name) && span_is(name, "web"));
    CHECK(init_file_next_name(&list, &name) && span_is(name, "db"));
    CHECK(!init_file_next_name(&list, &name));
    CHECK_EQ_INT(next(), 1);
    CHECK(block.sleeps && block.sleep_ms == 250 && block.line == 12);
    CHECK_EQ_INT(next(), 1);
    CHECK(block.encrypted && span_is(block.secret, "YWdl"));
    CHECK_EQ_INT(next(), -EINVAL);
    CHECK_STR(why.text, "line 20: no command begins it; there are " INIT_FILE_COMMANDS);
}

TEST(good_blocks)
{
    static const char *const texts[] = {
        "w:a\ns:v",
        "w:a\ns:v\n--",
        "w:a\ns:gen:x[a-z]{3}",
        "w:a\nd:",
        "w:a\nd",
        "w:a\nd:true",
        "w:a\nd:false\ns:v",
        "w:a\ns:v\nf:",
        "w:a\ns:v\nf:none",
        "w:a\ns:v\nE:never\nN:2027-01-31T12:00:00Z",
        "exit",
        "exit:",
        "exit:true",
        "sleep:0",
        "wait:1000",
        "i:AGE-SECRET-KEY-1X\\nage1x\\n00",
        "w:" X63 "\ns:v",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        begin(texts[i]);
        if (next() != 1 || next() != 0)
            check_fail(__FILE__, __LINE__, "%s: %s", texts[i], why.text);
    }
}

TEST(nothing_to_do)
{
    static const char *const texts[] = {"", "\n\n", "--", "--\n--\n", "# all of it\n", "  \t\n--"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        begin(texts[i]);
        CHECK_EQ_INT(next(), 0);
    }
}

TEST(what_is_refused)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"w:a\ns:v\njoin:x", "line 3: no command begins it; there are w, n, s,"},
        {"hunter2", "line 1: no command"},
        {"W:a", "line 1: no command"},
        {"\n\n:a", "line 3: no command"},
        {"w:a\nw:b\ns:v", "line 2: 'w' is given twice"},
        {"w:\ns:v", "line 1: 'w': needs a name"},
        {"w:,\ns:v", "line 1: 'w': a workload's name must be"},
        {"w:a,B\ns:v", "line 1: 'w': a workload's name must be"},
        {"w:a,k8s:B\ns:v", "line 1: 'w': what is behind k8s: must be"},
        {"w:raw:b\ns:v", "line 1: 'w': this daemon keeps no secret"},
        {"w:a\nn:x y\ns:v", "line 2: 'n': a namespace must be"},
        {"w:a\ns:", "line 2: 's': needs a value"},
        {"w:a\ns:v\nf:raml", "line 3: 'f': must be json, yaml or raw"},
        {"w:a\ns:v\ne:maybe", "line 3: 'e': must be true or false"},
        {"w:a\ns:v\nE:hunter2", "line 3: 'E': must be now, never, or RFC 3339"},
        {"w:a\ns:v\nN:2027-02-30T00:00:00Z", "line 3: 'N': must be"},
        {"sleep:1s", "line 1: 'sleep': must be a number of milliseconds"},
        {"sleep:", "line 1: 'sleep': must be"},
        {"sleep:-1", "line 1: 'sleep': must be"},
        {"wait:86400001", "line 1: 'wait': must be"},
        {"exit:false", "line 1: 'exit': may only be true"},
        {"exit\nw:a\ns:v",
         "the block from line 1 on is more than one thing: sleep, exit and i each stand"},
        {"sleep:5\nw:a\ns:v", "each stand alone"},
        {"i:k\nw:a", "each stand alone"},
        {"s:v", "the block from line 1 on has no workload"},
        {"\nw:a\n--\ns:v", "the block from line 2 on has no secret"},
        {"w:a\ns:v\nd:", "has a secret, and deletes"},
        {"exit:true\n--\nw:a", "the block from line 3 on has no secret"},
        {"w:a,b,c,d,e,f,g,h\nn:a,b,c,d,e,f,g,h,i\ns:v", "names too many secrets"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        why.text[0] = '\0';
        int r = init_file_check(span_of(rows[i].text), T0, &why);
        if (r != -EINVAL || !strstr(why.text, rows[i].why) || strstr(why.text, "hunter2"))
            check_fail(__FILE__, __LINE__, "%s: %d, %s", rows[i].text, r, why.text);
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

TEST(waits)
{
    const struct backoff doubles = {.delay_ms = 1000, .max_wait_ms = 30000, .is_exponential = true};
    const struct backoff stays = {.delay_ms = 1000, .max_wait_ms = 30000};
    const struct backoff never = {.delay_ms = 0, .max_wait_ms = 30000, .is_exponential = true};
    static const uint64_t expected[] = {1000, 2000, 4000, 8000, 16000, 30000, 30000};
    for (size_t i = 0; i < COUNT(expected); i++) {
        CHECK_EQ_INT(backoff_wait_ms(&doubles, i, 0), expected[i]);
        CHECK_EQ_INT(backoff_wait_ms(&stays, i, 0), 1000);
        CHECK_EQ_INT(backoff_wait_ms(&never, i, 7), 0);
    }
    CHECK_EQ_INT(backoff_wait_ms(&doubles, 1, 2999), 2999);
    CHECK_EQ_INT(backoff_wait_ms(&doubles, 5, 999), 30000);
    CHECK_EQ_INT(backoff_wait_ms(&doubles, UINT64_MAX, UINT32_MAX), 30000);
    CHECK_EQ_INT(backoff_wait_ms(&stays, 3, UINT32_MAX), 1000 + UINT32_MAX % 1000);
}

TEST(waits_as_the_environment_has_them)
{
    struct backoff backoff;
    CHECK_EQ_INT(retry_read(&backoff, &why), 0);
    CHECK(backoff.delay_ms == 1000 && backoff.max_wait_ms == 30000 && backoff.retries == 10 &&
          backoff.is_exponential);
    setenv("VSECM_BACKOFF_DELAY", "5", 1);
    setenv("VSECM_BACKOFF_MAX_WAIT", "50", 1);
    setenv("VSECM_BACKOFF_MAX_RETRIES", "0", 1);
    setenv("VSECM_BACKOFF_MODE", "linear", 1);
    CHECK_EQ_INT(retry_read(&backoff, &why), 0);
    CHECK(backoff.delay_ms == 5 && backoff.max_wait_ms == 50 && backoff.retries == 0 &&
          !backoff.is_exponential);
    setenv("VSECM_BACKOFF_MODE", "often", 1);
    CHECK_EQ_INT(retry_read(&backoff, &why), -EINVAL);
    CHECK_STR(why.text, "VSECM_BACKOFF_MODE must be exponential or linear");
    setenv("VSECM_BACKOFF_DELAY", "1s", 1);
    CHECK_EQ_INT(retry_read(&backoff, &why), -EINVAL);
    CHECK_STR(why.text, "VSECM_BACKOFF_DELAY must be a number of milliseconds, at most 86400000");
}

CHECK_MAIN
