/* SPDX-License-Identifier: BSD-2-Clause */
/* The environment of a program that gets a secret. */
#include "tests/unit/check.h"

#include "base/error.h"
#include "cli/environ.h"
#include "limits.h"

#include <errno.h>

static char *base[] = {"HOME=/root", "USER=old", "EMPTY=", "odd", NULL};
static struct environ made;
static struct error why;

static int build_bytes(const struct environ_rules *rules, const char *value, size_t length)
{
    environ_clear(&made);
    why.text[0] = '\0';
    return environ_build(rules, base, value, length, &made, &why);
}

static int build(const struct environ_rules *rules, const char *value)
{
    return build_bytes(rules, value, strlen(value));
}

static const struct environ_rules plain = {.prefix = ""};

/* The whole environment is WANTED, a NULL at its end. */
static void check_is(const char *const *wanted)
{
    size_t i = 0;
    for (; wanted[i]; i++)
        CHECK_STR(made.variables[i], wanted[i]);
    CHECK(made.variables[i] == NULL);
}

static void check_refused(const struct environ_rules *rules, const char *value, const char *word)
{
    CHECK_EQ_INT(build(rules, value), -EINVAL);
    if (!strstr(why.text, word))
        check_fail(__FILE__, __LINE__, "no \"%s\" in: %s", word, why.text);
}

TEST(members_become_variables_in_place_of_what_was_there)
{
    CHECK_EQ_INT(
        build(&plain, "{\"USER\":\"web\",\"N\":42,\"L\":[1, 2],\"B\":true,\"Q\":\"a\\nb\"}"), 0);
    check_is((const char *[]){"HOME=/root", "EMPTY=", "odd", "USER=web", "N=42", "L=[1, 2]",
                              "B=true", "Q=a\nb", NULL});
    CHECK_EQ_INT(build(&plain, "{}"), 0);
    check_is((const char *[]){"HOME=/root", "USER=old", "EMPTY=", "odd", NULL});
}

TEST(of_one_name_the_last_counts)
{
    CHECK_EQ_INT(build(&plain, "{\"A\":\"1\",\"B\":\"2\",\"\\u0041\":\"3\"}"), 0);
    check_is((const char *[]){"HOME=/root", "USER=old", "EMPTY=", "odd", "A=3", "B=2", NULL});
}

TEST(a_prefix_stands_before_every_name)
{
    const struct environ_rules rules = {.prefix = "US"};
    CHECK_EQ_INT(build(&rules, "{\"ER\":\"new\",\"1\":\"x\",\"\":\"y\"}"), 0);
    check_is((const char *[]){"HOME=/root", "EMPTY=", "odd", "USER=new", "US1=x", "US=y", NULL});
}

TEST(the_whole_value_can_be_one_variable)
{
    const struct environ_rules rules = {.whole = "TOKEN", .prefix = "P_"};
    CHECK_EQ_INT(build(&rules, "no {JSON\\u0000"), 0);
    check_is(
        (const char *[]){"HOME=/root", "USER=old", "EMPTY=", "odd", "TOKEN=no {JSON\\u0000", NULL});
    CHECK_EQ_INT(build_bytes(&rules, "a\0b", 3), -EINVAL);
    CHECK(strstr(why.text, "NUL"));
}

TEST(names_that_cannot_be_variables_are_named_or_left_out)
{
    const struct environ_rules skip = {.prefix = "", .skip_bad = true};
    check_refused(&plain, "{\"tls.key\":\"x\"}", "\"tls.key\"");
    check_refused(&plain, "{\"1A\":\"x\"}", "no digit");
    check_refused(&plain, "{\"\":\"x\"}", "\"\"");
    check_refused(&plain, "{\"A=B\":\"x\"}", "A=B");
    check_refused(&plain, "{\"A\\u0000\":\"x\"}", "variable");
    check_refused(&plain, "{\"\\u001b[2J\":\"x\"}", "\\u001b[2J");
    CHECK_EQ_INT(build(&skip, "{\"tls.key\":\"x\",\"A\":\"1\",\"a-b\":\"y\"}"), 0);
    check_is((const char *[]){"HOME=/root", "USER=old", "EMPTY=", "odd", "A=1", NULL});
    CHECK_EQ_INT(made.skipped, 2);
}

TEST(a_name_that_decides_what_code_runs_must_be_allowed)
{
    static const char *const names[] = {"LD_PRELOAD"};
    const struct environ_rules skip = {.prefix = "", .skip_bad = true};
    const struct environ_rules rules = {.prefix = "", .allowed = names, .allowed_count = 1};
    check_refused(&plain, "{\"LD_PRELOAD\":\"/x\"}", "--allow-name LD_PRELOAD");
    check_refused(&skip, "{\"\\u0050ATH\":\"/x\"}", "PATH");
    check_refused(&(struct environ_rules){.prefix = "LD_"}, "{\"PRELOAD\":\"/x\"}", "LD_PRELOAD");
    check_refused(&(struct environ_rules){.whole = "BASH_ENV"}, "x", "BASH_ENV");
    CHECK_EQ_INT(build(&rules, "{\"LD_PRELOAD\":\"/x\"}"), 0);
    check_refused(&rules, "{\"LD_LIBRARY_PATH\":\"/x\"}", "LD_LIBRARY_PATH");
    CHECK(environ_is_dangerous("PYTHONPATH") && environ_is_dangerous("BASH_FUNC_ls"));
    CHECK(environ_is_dangerous("ZDOTDIR") && environ_is_dangerous("FPATH"));
    CHECK(environ_is_dangerous("OPENSSL_CONF") && environ_is_dangerous("OPENSSL_MODULES"));
    CHECK(!environ_is_dangerous("PATHS") && !environ_is_dangerous("LDAP") &&
          !environ_is_dangerous("DATABASE_PATH"));
}

TEST(what_does_not_fit_is_said)
{
    static char value[300000];
    const size_t most = (size_t)sysconf(_SC_PAGESIZE) * 32;
    snprintf(value, sizeof value, "{\"A\":\"%0*d\"}", (int)(most - 3), 0);
    CHECK_EQ_INT(build(&plain, value), 0);
    CHECK_EQ_INT(strlen(made.variables[4]), most - 1);
    snprintf(value, sizeof value, "{\"A\":\"%0*d\"}", (int)(most - 2), 0);
    check_refused(&plain, value, "use --fd or --file");
    CHECK(!strstr(why.text, "000000000"));
    check_refused(&plain, "{\"A\":\"b\\u0000\"}", "NUL");
    check_refused(&plain, "hunter2", "no JSON object");
    check_refused(&plain, "{\"A\":1", "no JSON object");
    CHECK(!strstr(why.text, "hunter2"));
    size_t used = 1;
    for (unsigned i = 0; i <= LIMIT_MEMBERS; i++)
        used += (size_t)snprintf(value + used, sizeof value - used, "%s\"M%u\":1", i ? "," : "", i);
    value[0] = '{';
    snprintf(value + used, sizeof value - used, "}");
    check_refused(&plain, value, "more than 4096 members");
}

TEST(a_number_is_added)
{
    environ_clear(&made);
    CHECK_EQ_INT(environ_with_number(base, "USER", 17, &made), 0);
    check_is((const char *[]){"HOME=/root", "EMPTY=", "odd", "USER=17", NULL});
    environ_clear(&made);
    environ_clear(&made);
}

CHECK_MAIN
