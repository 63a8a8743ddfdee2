/* SPDX-License-Identifier: BSD-2-Clause */
/* How the command line is read, and what it makes of names and values. */
#include "tests/unit/check.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/encode.h"
#include "cli/identities.h"
#include "cli/passphrase.h"
#include "cli/target.h"
#include "cli/value.h"

#include "tests/unit/age_files.h"
#include "tests/unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})

static const struct arguments_option *const options[] = {
    &arguments_namespace,
    &arguments_file,
    &arguments_output,
    NULL,
};

static struct error why;

static int read_words(char **words, struct arguments *ret)
{
    *ret = (struct arguments){.socket = NULL};
    why.text[0] = '\0';
    return arguments_read(words, options, ret, &why);
}

/* ---- options ----------------------------------------------------------------------------------
 */

TEST(options_and_operands_may_be_mixed_and_written_in_each_way)
{
    struct arguments a;
    CHECK_EQ_INT(read_words(WORDS("one", "-n", "a", "-nb", "--namespace=c", "--namespace", "d",
                                  "two", "--socket=/x=y", "-o", "json", "-", "--", "-n"),
                            &a),
                 0);
    CHECK_EQ_INT(a.namespace_count, 4);
    for (size_t i = 0; i < 4; i++)
        CHECK(a.namespaces[i][0] == "abcd"[i] && !a.namespaces[i][1]);
    CHECK_EQ_INT(a.operand_count, 4);
    CHECK_STR(a.operands[0], "one");
    CHECK_STR(a.operands[1], "two");
    CHECK_STR(a.operands[2], "-");
    CHECK_STR(a.operands[3], "-n");
    CHECK_STR(a.socket, "/x=y");
    CHECK(a.json && !a.help && !a.version && !a.file);
}

TEST(a_wrong_option_is_refused_with_what_is_allowed_and_without_its_value)
{
    static const struct {
        char *words[3];
        const char *why;
    } cases[] = {
        {{"--secret=hunter2"},
         "unknown option --secret; allowed: --namespace --from-file --output --socket --help "
         "--version"},
        {{"-shunter2"},
         "unknown option -s; allowed: --namespace --from-file --output --socket --help --version"},
        {{"--name"},
         "unknown option --name; allowed: --namespace --from-file --output --socket --help "
         "--version"},
        {{"-n"}, "-n needs a value: NS"},
        {{"--from-file"}, "--from-file needs a value: FILE"},
        {{"--help=hunter2"}, "--help takes no value"},
        {{"-hx"}, "-h takes no value"},
        {{"-o", "hunter2"}, "-o must be json or table"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arguments a;
        CHECK_EQ_INT(read_words((char **)cases[i].words, &a), -EINVAL);
        CHECK_STR(why.text, cases[i].why);
    }
}

TEST(no_list_grows_beyond_its_array)
{
    static char *words[2 * LIMIT_TARGETS + 3];
    struct arguments a;
    for (size_t i = 0; i <= LIMIT_TARGETS; i++)
        words[i] = (char *)"x";
    CHECK_EQ_INT(read_words(words, &a), -EINVAL);
    words[LIMIT_TARGETS] = NULL;
    CHECK_EQ_INT(read_words(words, &a), 0);
    for (size_t i = 0; i <= LIMIT_TARGETS; i++)
        words[i] = (char *)"-nx";
    CHECK_EQ_INT(read_words(words, &a), -EINVAL);
}

TEST(options_before_the_verb_are_the_common_ones)
{
    struct arguments a = {.socket = NULL};
    CHECK_EQ_INT(arguments_leading(WORDS("--socket", "/x", "put", "-n"), &a, &why), 2);
    CHECK_STR(a.socket, "/x");
    CHECK_EQ_INT(arguments_leading(WORDS("-n", "x", "put"), &a, &why), -EINVAL);
    CHECK_EQ_INT(arguments_leading(WORDS(NULL), &a, &why), 0);
}

TEST(numbers_are_numbers_and_times_are_not_empty)
{
    static const struct arguments_option *const terms[] = {
        &arguments_if_version, &arguments_to, &arguments_not_before, &arguments_expires, NULL};
    struct arguments a = {.socket = NULL};
    CHECK_EQ_INT(arguments_read(WORDS("--if-version", "0", "--to=9007199254740992", "--expires",
                                      "+90d", "--not-before=now"),
                                terms, &a, &why),
                 0);
    CHECK(a.if_version.given && a.if_version.number == 0);
    CHECK(a.of_version.given && a.of_version.number == 9007199254740992u);
    CHECK_STR(a.expires, "+90d");
    CHECK_STR(a.not_before, "now");
    static const char *const bad[] = {
        "--if-version=",   "--if-version=-1",  "--if-version=1x",
        "--if-version= 1", "--if-version=0x1", "--if-version=9007199254740993",
        "--to=0",          "--to=a",           "--expires=",
        "--not-before=",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        a = (struct arguments){.socket = NULL};
        CHECK_EQ_INT(arguments_read(WORDS((char *)bad[i]), terms, &a, &why), -EINVAL);
        CHECK(!a.if_version.given && !a.of_version.given);
    }
}

TEST(an_option_of_a_verb_hides_the_common_one_of_its_name)
{
    static const struct arguments_option *const own[] = {&arguments_of_version, NULL};
    struct arguments a = {.socket = NULL};
    CHECK_EQ_INT(arguments_read(WORDS("--version", "3"), own, &a, &why), 0);
    CHECK(a.of_version.number == 3 && !a.version);
    CHECK_EQ_INT(arguments_read(WORDS("--version"), NULL, &a, &why), 0);
    CHECK(a.version);
    CHECK_EQ_INT(arguments_read(WORDS("--x"), own, &a, &why), -EINVAL);
    CHECK_STR(why.text, "unknown option --x; allowed: --version --socket --help");
    CHECK_EQ_INT(arguments_read(WORDS("--x"), NULL, &a, &why), -EINVAL);
    CHECK_STR(why.text, "unknown option --x; allowed: --socket --help --version");
}

/* ---- names ------------------------------------------------------------------------------------
 */

#define LONG_60 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-"

TEST(names_keep_to_rfc_1123)
{
    static const char *const good[] = {"a", "0", "a-b", "ns/a", LONG_60 "xyz"};
    static const char *const bad[] = {
        "",   "-a",    "a-",       "A",   "a.b", "a_b",          "/a",
        "a/", "a/b/c", "\xc3\xa9", "a b", "N/a", LONG_60 "wxyz",
    };
    struct arguments a = {.operand_count = 1};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        a.operands[0] = good[i];
        CHECK_EQ_INT(target_check(&a, &why), 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        a.operands[0] = bad[i];
        CHECK_EQ_INT(target_check(&a, &why), -EINVAL);
        CHECK(strstr(why.text, "RFC 1123") != NULL);
    }
}

TEST(a_key_takes_no_namespace_besides)
{
    struct arguments a = {
        .operands = {"ns/a"}, .operand_count = 1, .namespaces = {"b"}, .namespace_count = 1};
    CHECK_EQ_INT(target_check(&a, &why), -EINVAL);
}

TEST(one_key_is_named_with_its_namespace_or_in_the_default_one)
{
    static const struct {
        const char *text, *key;
    } cases[] = {
        {"shop/web", "shop/web"},
        {"web", "default/web"},
        {"a/" LONG_60 "xyz", "a/" LONG_60 "xyz"},
        {"", NULL},
        {"/web", NULL},
        {"shop/", NULL},
        {"a/b/c", NULL},
        {"Shop/web", NULL},
        {"shop/" LONG_60 "wxyz", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct target target;
        char key[LIMIT_KEY + 1];
        CHECK_EQ_INT(target_key(cases[i].text, &target, &why), cases[i].key ? 0 : -EINVAL);
        if (!cases[i].key)
            continue;
        target_text(&target, key);
        CHECK_STR(key, cases[i].key);
    }
}

static void check_next(const struct arguments *a, size_t *at, const char *json)
{
    struct target target;
    char text[256];
    CHECK(target_next(a, at, &target));
    struct writer w = writer_on(text, sizeof text - 1);
    target_json(&target, &w);
    text[w.used] = '\0';
    CHECK_STR(text, json);
}

TEST(plain_names_go_together_and_keys_alone)
{
    struct arguments a = {.operands = {"a", "b", "ns/c", "d"}, .operand_count = 4};
    struct target target;
    size_t at = 0;
    check_next(&a, &at, "\"workloads\":[\"a\",\"b\"],\"namespaces\":[\"default\"]");
    check_next(&a, &at, "\"workloads\":[\"c\"],\"namespaces\":[\"ns\"]");
    check_next(&a, &at, "\"workloads\":[\"d\"],\"namespaces\":[\"default\"]");
    CHECK(!target_next(&a, &at, &target));
    struct arguments b = {
        .operands = {"a"}, .operand_count = 1, .namespaces = {"n", "m"}, .namespace_count = 2};
    at = 0;
    check_next(&b, &at, "\"workloads\":[\"a\"],\"namespaces\":[\"n\",\"m\"]");
}

/* ---- values -----------------------------------------------------------------------------------
 */

struct bytes {
    const char *data;
    size_t length;
};

static void write_value(struct writer *writer, const void *argument)
{
    const struct bytes *bytes = argument;
    encode_value(writer, "value", bytes->data, bytes->length);
}

TEST(text_is_sent_as_text_and_other_bytes_as_base64)
{
    static const struct {
        struct bytes bytes;
        const char *json;
    } cases[] = {
        {{"a\"b\\\n", 5}, "\"value\":\"a\\\"b\\\\\\n\""},
        {{"\xc3\xa9", 2}, "\"value\":\"\xc3\xa9\""},
        {{"", 0}, "\"value\":\"\""},
        {{"a\0b", 3}, "\"value\":\"YQBi\",\"encoding\":\"base64\""},
        {{"\xff", 1}, "\"value\":\"/w==\",\"encoding\":\"base64\""},
        {{"\xc3", 1}, "\"value\":\"ww==\",\"encoding\":\"base64\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct encode encoded;
        CHECK_EQ_INT(encode_with(write_value, &cases[i].bytes, &encoded), 0);
        CHECK_EQ_INT(encoded.length, strlen(cases[i].json));
        CHECK_MEM(encoded.data, cases[i].json, encoded.length);
        encode_clear(&encoded);
        CHECK(!encoded.data);
    }
}

/* A file of LENGTH bytes that are not all alike; the caller unlinks it. */
static void make_file(char *path, size_t length)
{
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    for (size_t i = 0; i < length; i += 4096) {
        char block[4096];
        memset(block, (int)(i / 4096 % 251), sizeof block);
        size_t part = length - i < sizeof block ? length - i : sizeof block;
        CHECK_EQ_INT(write(fd, block, part), part);
    }
    close(fd);
}

TEST(a_value_is_read_whole_up_to_the_limit)
{
    static const size_t lengths[] = {0, 1, 4095, 4096, 4097, 65536, LIMIT_VALUE, LIMIT_VALUE + 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char path[] = "/tmp/vsecm-test-XXXXXX";
        struct value value = {.data = NULL};
        make_file(path, lengths[i]);
        const struct value_source source = {.file = path, .what = "thing", .limit = LIMIT_VALUE};
        int r = value_read(&source, &value, &why);
        unlink(path);
        CHECK_EQ_INT(r, lengths[i] > LIMIT_VALUE ? -EFBIG : 0);
        CHECK_EQ_INT(value.length, r ? 0 : lengths[i]);
        for (size_t k = 0; k < value.length; k++)
            if ((unsigned char)value.data[k] != k / 4096 % 251)
                CHECK_EQ_INT(k, -1);
        value_clear(&value);
    }
    struct value value;
    const struct value_source nowhere = {.file = "/nonexistent", .what = "thing", .limit = 1};
    CHECK_EQ_INT(value_read(&nowhere, &value, &why), -ENOENT);
    CHECK_STR(why.text, "/nonexistent: No such file or directory");
}

/* ---- files with keys ---------------------------------------------------------------------------
 */

#define SEALING_WORDS(...) read_sealing(WORDS(__VA_ARGS__), &a)

static int read_sealing(char **words, struct arguments *ret)
{
    static const struct arguments_option *const sealing[] = {
        &arguments_recipient,  &arguments_identity,
        &arguments_passphrase, &arguments_passphrase_file,
        &arguments_armor,      &arguments_to_file,
        &arguments_public,     NULL};
    *ret = (struct arguments){.socket = NULL};
    return arguments_read(words, sealing, ret, &why);
}

TEST(options_of_sealing)
{
    struct arguments a;
    CHECK_EQ_INT(SEALING_WORDS("-r", "x", "--recipient=y", "-iz", "-a", "-p", "--public",
                               "--to-file", "f", "--passphrase-file", "g"),
                 0);
    CHECK_EQ_INT(a.recipient_count, 2);
    CHECK_STR(a.recipients[1], "y");
    CHECK_EQ_INT(a.identity_count, 1);
    CHECK_STR(a.identities[0], "z");
    CHECK_STR(a.to_file, "f");
    CHECK_STR(a.passphrase_file, "g");
    CHECK(a.armor && a.passphrase && a.public);
    CHECK_EQ_INT(SEALING_WORDS("-phunter2"), -EINVAL);
    CHECK_STR(why.text, "-p takes no value");
}

/* A file in a directory of the test, with MODE. */
static const char *kept_file(const char *text, size_t length, mode_t mode)
{
    const char *path = scratch_bytes("kept", text, length);
    CHECK(chmod(path, mode) == 0);
    return path;
}

TEST(kept_files_are_read_when_nobody_else_can_write_them)
{
    static char large[5000];
    struct value value;
    scratch_new();
    memset(large, 'x', sizeof large);
    const char *path = kept_file(large, sizeof large, 0600);
    CHECK_EQ_INT(value_read_kept(path, sizeof large, &value, &why), 0);
    CHECK_EQ_INT(value.length, sizeof large);
    CHECK_MEM(value.data, large, sizeof large);
    value_clear(&value);
    CHECK_EQ_INT(value_read_kept(path, sizeof large - 1, &value, &why), -EFBIG);
    CHECK_EQ_INT(chmod(path, 0602), 0);
    CHECK_EQ_INT(value_read_kept(path, sizeof large, &value, &why), -EPERM);
    CHECK(strstr(why.text, path) != NULL);
    CHECK_EQ_INT(value_read_kept("/nonexistent", 1, &value, &why), -ENOENT);
}

TEST(passphrases_from_files)
{
    static const struct {
        const char *text, *phrase;
    } cases[] = {
        {"horse", "horse"}, {"horse\n", "horse"}, {"horse\n\n", "horse\n"},
        {" a b ", " a b "}, {"", NULL},           {"\n", NULL},
    };
    scratch_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct value value = {.data = NULL};
        const char *path = kept_file(cases[i].text, strlen(cases[i].text), 0600);
        CHECK_EQ_INT(passphrase_read(path, &value, &why), cases[i].phrase ? 0 : -EINVAL);
        CHECK(cases[i].phrase || !value.data);
        if (!cases[i].phrase)
            continue;
        CHECK_EQ_INT(value.length, strlen(cases[i].phrase));
        CHECK_MEM(value.data, cases[i].phrase, value.length);
        value_clear(&value);
    }
}

TEST(identities_of_several_files)
{
    static struct identities found;
    struct arguments a = {.identity_count = 2};
    scratch_new();
    const char *path = kept_file(AGE_FILES_KEYGEN, strlen(AGE_FILES_KEYGEN), 0600);
    a.identities[0] = a.identities[1] = path;
    CHECK_EQ_INT(identities_read(&a, &found, &why), 0);
    CHECK_EQ_INT(found.count, 2);
    CHECK_MEM(&found.keys[0], &found.keys[1], sizeof found.keys[0]);
    kept_file("#\nhunter2\n", 10, 0600);
    CHECK_EQ_INT(identities_read(&a, &found, &why), -EINVAL);
    CHECK(strstr(why.text, "line 2 is no identity") && !strstr(why.text, "hunter2"));
    kept_file("#\n", 2, 0600);
    CHECK_EQ_INT(identities_read(&a, &found, &why), -ENOENT);
}

CHECK_MAIN
