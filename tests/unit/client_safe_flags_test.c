/* SPDX-License-Identifier: BSD-2-Clause */
/* The original's flags: what they ask for, in which order they are looked at, what is said. */
#include "cli/safe_flags.h"

#include "base/error.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WORDS 12
#define X63 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

#define NO_NAME "Please provide a workload name."
#define NO_SECRET "Please provide a secret."

static struct safe_flags flags;
static struct error why;
static char copies[WORDS][128];

/* Words of a table cannot be overwritten, those of a command line can. */
static char **copy_of(const char *const *words)
{
    static char *copy[WORDS + 1];
    size_t count = 0;
    for (; count < WORDS && words[count]; count++) {
        snprintf(copies[count], sizeof copies[count], "%s", words[count]);
        copy[count] = copies[count];
    }
    copy[count] = NULL;
    return copy;
}

static enum safe_flags_task read_words(const char *const *words)
{
    why.text[0] = '\0';
    if (safe_flags_read(copy_of(words), &flags, &why))
        return SAFE_FLAGS_WRONG;
    return safe_flags_task(&flags, &why);
}

static const struct {
    const char *words[WORDS];
    enum safe_flags_task task;
    const char *why; /* where it is wrong: words in what is said */
} rows[] = {
    /* each of them, short and long */
    {{"-l"}, SAFE_FLAGS_LIST, ""},
    {{"--list"}, SAFE_FLAGS_LIST, ""},
    {{"-l", "-e"}, SAFE_FLAGS_LIST, ""},
    {{"-w", "a", "-s", "v"}, SAFE_FLAGS_STORE, ""},
    {{"--workload", "a", "--secret", "v"}, SAFE_FLAGS_STORE, ""},
    {{"--workload=a", "--secret=v"}, SAFE_FLAGS_STORE, ""},
    {{"-wa", "-sv"}, SAFE_FLAGS_STORE, ""},
    {{"-w", "a", "-w", "b", "-n", "x", "-n", "y", "-s", "v"}, SAFE_FLAGS_STORE, ""},
    {{"-w", X63, "-s", "v"}, SAFE_FLAGS_STORE, ""},
    {{"-w", "a", "-s", "v", "-t", "{{.x}}", "-f", "yaml"}, SAFE_FLAGS_STORE, ""},
    {{"-w", "a", "-s", "v", "--template", "{{.x}}", "--format", "raw"}, SAFE_FLAGS_STORE, ""},
    {{"-w", "a", "-s", "v", "-f", "none"}, SAFE_FLAGS_STORE, ""},
    {{"-w", "a", "-s", "v", "-f", ""}, SAFE_FLAGS_STORE, ""},
    {{"-w", "a", "-s", "v", "-e"}, SAFE_FLAGS_STORE, ""},
    {{"-s", "v", "-e"}, SAFE_FLAGS_SEAL, ""},
    {{"-s", "v", "--encrypt"}, SAFE_FLAGS_SEAL, ""},
    {{"-w", "a", "-d"}, SAFE_FLAGS_REMOVE, ""},
    {{"-w", "a", "--delete"}, SAFE_FLAGS_REMOVE, ""},
    {{"-i", "k"}, SAFE_FLAGS_KEYS, ""},
    {{"--input-keys", "k"}, SAFE_FLAGS_KEYS, ""},
    {{"-w", "a", "-s", "v", "-E", "never", "-N", "now"}, SAFE_FLAGS_STORE, ""},
    {{"-w", "a", "-s", "v", "--exp", "2027-01-31T12:00:00+01:00"}, SAFE_FLAGS_STORE, ""},
    {{"-w", "a", "-s", "v", "--nbf", "+12h"}, SAFE_FLAGS_STORE, ""},
    {{"-h"}, SAFE_FLAGS_HELP, ""},
    {{"--help"}, SAFE_FLAGS_HELP, ""},
    {{"--version"}, SAFE_FLAGS_VERSION, ""},
    {{"--init"}, SAFE_FLAGS_INIT, ""},
    {{"--init", "f"}, SAFE_FLAGS_INIT, ""},
    {{"--init", "--stay"}, SAFE_FLAGS_INIT, ""},
    /* which comes first */
    {{"-h", "-l"}, SAFE_FLAGS_HELP, ""},
    {{"-l", "-w", "a", "-s", "v", "-d"}, SAFE_FLAGS_LIST, ""},
    {{"-i", "k", "-w", "a", "-d"}, SAFE_FLAGS_KEYS, ""},
    {{"-w", "a", "-s", "v", "-d"}, SAFE_FLAGS_REMOVE, ""},
    {{"-w", "a", "-d", "-e"}, SAFE_FLAGS_REMOVE, ""},
    /* what is missing, the name first */
    {{NULL}, SAFE_FLAGS_WRONG, NO_NAME},
    {{"-s", "v"}, SAFE_FLAGS_WRONG, NO_NAME},
    {{"-d"}, SAFE_FLAGS_WRONG, NO_NAME},
    {{"-d", "-e"}, SAFE_FLAGS_WRONG, NO_NAME},
    {{"-n", "x"}, SAFE_FLAGS_WRONG, NO_NAME},
    {{"-i", ""}, SAFE_FLAGS_WRONG, NO_NAME},
    {{"-w", "a"}, SAFE_FLAGS_WRONG, NO_SECRET},
    {{"-w", "a", "-s", ""}, SAFE_FLAGS_WRONG, NO_SECRET},
    {{"-e"}, SAFE_FLAGS_WRONG, NO_SECRET},
    {{"-w", "a", "-e"}, SAFE_FLAGS_WRONG, NO_SECRET},
    /* what is wrong */
    {{"-w", "k8s:", "-s", "v"}, SAFE_FLAGS_WRONG, "what is behind k8s:"},
    {{"-w", "a", "-w", "k8s:B", "-d"}, SAFE_FLAGS_WRONG, "what is behind k8s:"},
    {{"-w", "raw:a", "-s", "v"}, SAFE_FLAGS_WRONG, "without raw:"},
    {{"-w", "A", "-s", "v"}, SAFE_FLAGS_WRONG, "a workload's name must be"},
    {{"-w", "a/b", "-s", "v"}, SAFE_FLAGS_WRONG, "a workload's name must be"},
    {{"-w", "", "-s", "v"}, SAFE_FLAGS_WRONG, "a workload's name must be"},
    {{"-w", "a", "-n", "x,y", "-d"}, SAFE_FLAGS_WRONG, "a namespace must be"},
    {{"-w", "a", "-s", "v", "-f", "raml"}, SAFE_FLAGS_WRONG, "-f must be json, yaml or raw"},
    {{"-w", "a", "-s", "v", "-E", "tomorrow"}, SAFE_FLAGS_WRONG, "-E must be never, or RFC 3339"},
    {{"-w", "a", "-s", "v", "-E", ""}, SAFE_FLAGS_WRONG, "-E must be never, or RFC 3339"},
    {{"-w", "a", "-s", "v", "-N", "2027-02-30T00:00:00Z"}, SAFE_FLAGS_WRONG, "-N must be now, or"},
    {{"-w", "a", "-s", "v", "-s", "w"}, SAFE_FLAGS_WRONG, "-s is given twice"},
    {{"-w", "a", "-s"}, SAFE_FLAGS_WRONG, "-s needs a value"},
    {{"-w", "a", "v"}, SAFE_FLAGS_WRONG, "a word stands alone"},
    {{"-l", "v"}, SAFE_FLAGS_WRONG, "a word stands alone"},
    {{"--init", "f", "g"}, SAFE_FLAGS_WRONG, "a word stands alone"},
    {{"--stay"}, SAFE_FLAGS_WRONG, "--stay goes with --init"},
    {{"-l", "--stay"}, SAFE_FLAGS_WRONG, "--stay goes with --init"},
    {{"--list=yes"}, SAFE_FLAGS_WRONG, "--list takes no value"},
    {{"--bogus"}, SAFE_FLAGS_WRONG, "unknown option --bogus; allowed: --list"},
    /* what the original once had */
    {{"-a", "-w", "a"}, SAFE_FLAGS_WRONG, "-a is gone: a secret is one value"},
    {{"--append"}, SAFE_FLAGS_WRONG, "--append is gone"},
    {{"-b", "file"}, SAFE_FLAGS_WRONG, "-b is gone: where secrets are kept"},
    {{"--store=memory"}, SAFE_FLAGS_WRONG, "--store is gone"},
    {{"-k"}, SAFE_FLAGS_WRONG, "-k is gone: -w k8s:NAME asks for"},
    {{"--use-k8s"}, SAFE_FLAGS_WRONG, "--use-k8s is gone"},
};

TEST(what_flags_ask_for)
{
    for (size_t i = 0; i < COUNT(rows); i++) {
        enum safe_flags_task task = read_words(rows[i].words);
        int is_said = strstr(why.text, rows[i].why) != NULL;
        if (task != rows[i].task || !is_said || !rows[i].why[0] != !why.text[0])
            check_fail(__FILE__, __LINE__, "row %zu: %d, '%s'", i, (int)task, why.text);
        safe_flags_clear(&flags);
    }
}

TEST(values_are_moved_off_the_command_line)
{
    static const char *const words[] = {"-w", "web", "-shunter2", "-i", "AGE-SECRET", NULL};
    CHECK_EQ_INT(read_words(words), SAFE_FLAGS_KEYS);
    CHECK_STR(flags.secret.data, "hunter2");
    CHECK_EQ_INT(flags.secret.length, 7);
    CHECK_STR(flags.keys.data, "AGE-SECRET");
    for (size_t i = 0; i < WORDS; i++)
        CHECK(!memmem(copies[i], sizeof copies[i], "unter", 5) &&
              !memmem(copies[i], sizeof copies[i], "SECRET", 6));
    CHECK_STR(copies[1], "web");
    safe_flags_clear(&flags);
    CHECK(!flags.secret.data && !flags.keys.data);
}

TEST(no_value_is_in_an_error)
{
    static const char *const lines[][WORDS] = {
        {"-s", "hunter2", "-s", "hunter2", NULL},
        {"-w", "a", "-s", "hunter2", "hunter2", NULL},
        {"-w", "hunter2/x", "-s", "v", NULL},
        {"-E", "hunter2", NULL},
        {"--list=hunter2", NULL},
        {"-f", "hunter2", NULL},
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        CHECK_EQ_INT(read_words(lines[i]), SAFE_FLAGS_WRONG);
        CHECK(why.text[0] && !strstr(why.text, "hunter2"));
        safe_flags_clear(&flags);
    }
}

TEST(targets)
{
    static const char *const one[] = {"-w", "a", "-d", NULL};
    static const char *const four[] = {"-w", "a", "-n", "x", "-w", "b", "-n", "y", "-d", NULL};
    struct target target;
    CHECK_EQ_INT(read_words(one), SAFE_FLAGS_REMOVE);
    safe_flags_target(&flags, &target);
    CHECK_EQ_INT(target.workload_count, 1);
    CHECK_EQ_INT(target.namespace_count, 1);
    CHECK(span_is(target.namespaces[0], "default"));
    CHECK_EQ_INT(read_words(four), SAFE_FLAGS_REMOVE);
    safe_flags_target(&flags, &target);
    CHECK_EQ_INT(target.workload_count, 2);
    CHECK_EQ_INT(target.namespace_count, 2);
    CHECK(span_is(target.workloads[1], "b") && span_is(target.namespaces[0], "x"));
}

TEST(too_many)
{
    char *words[2 * LIMIT_TARGETS + 4] = {"-d"};
    struct error error = {""};
    for (size_t i = 0; i <= LIMIT_TARGETS; i++) {
        words[1 + 2 * i] = "-w";
        words[2 + 2 * i] = "a";
    }
    CHECK(safe_flags_read(words, &flags, &error) < 0);
    CHECK_STR(error.text, "-w is given too often");
    words[1 + 2 * LIMIT_TARGETS] = "-nx";
    words[2 + 2 * LIMIT_TARGETS] = "-ny";
    CHECK_EQ_INT(safe_flags_read(words, &flags, &error), 0);
    CHECK_EQ_INT(safe_flags_task(&flags, &error), SAFE_FLAGS_WRONG);
    CHECK_STR(error.text, "more than 64 secrets are named at once");
}

CHECK_MAIN
