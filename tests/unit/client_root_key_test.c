/* SPDX-License-Identifier: BSD-2-Clause */
/* A root key is found in each form that people keep it in, and nothing else passes for one. */
#include "tests/unit/check.h"
#include "tests/unit/scratch.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/root_key.h"
#include "client/locked.h"

#include <errno.h>

/* Made by age-keygen. */
#define KEY "AGE-SECRET-KEY-1D89G2U2QKWLS29J5QNDTKUKZ6JXAFLF9VUFNY44JXYNLN0Y3CUSQGFSNHE"
#define RECIPIENT "age1tetslefhkdcwtey2g7zrl497m0zlp04kyyx80rc24wymkls9jfgq8l2l3y"
#define OTHER "age1xw2kw28cr5z6l38d2mlkfafs5t3mfw23e0saqugrx5ru0wha0gvqxuhwlq"
#define AES "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static struct error why;

static int find(const char *text, struct root_key *ret)
{
    struct value value = {.length = strlen(text), .size = strlen(text) + 1};
    value.data = locked_alloc(value.size);
    CHECK(value.data != NULL);
    memcpy(value.data, text, value.length);
    *ret = (struct root_key){.text = {.data = NULL}};
    why.text[0] = '\0';
    int r = root_key_find(&value, ret, &why);
    if (r)
        value_clear(&value);
    return r;
}

static void check_json(const struct root_key *key, const char *expected)
{
    char text[512];
    struct writer writer = writer_on(text, sizeof text - 1);
    root_key_json(key, &writer);
    text[writer.used] = '\0';
    CHECK_STR(text, expected);
}

TEST(each_form_that_it_is_kept_in)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {KEY, "\"ageSecretKey\":\"" KEY "\""},
        {KEY "\n", "\"ageSecretKey\":\"" KEY "\""},
        {"\r\n  " KEY " \r\n\r\n", "\"ageSecretKey\":\"" KEY "\""},
        {"# created: 2026-11-24T20:15:30Z\n# public key: " RECIPIENT "\n" KEY "\n",
         "\"ageSecretKey\":\"" KEY "\""},
        {KEY "\n" RECIPIENT "\n" AES, "\"ageSecretKey\":\"" KEY "\",\"agePublicKey\":\"" RECIPIENT
                                      "\",\"aesCipherKey\":\"" AES "\""},
        {AES "\n" KEY "\n", "\"ageSecretKey\":\"" KEY "\",\"aesCipherKey\":\"" AES "\""},
        {KEY "\n" RECIPIENT "\n",
         "\"ageSecretKey\":\"" KEY "\",\"agePublicKey\":\"" RECIPIENT "\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct root_key key;
        CHECK_EQ_INT(find(cases[i].text, &key), 0);
        check_json(&key, cases[i].json);
        root_key_clear(&key);
        CHECK(!key.text.data && !key.identity.length);
    }
}

TEST(what_is_none_is_refused_without_a_word_of_it)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "no root key was found"},
        {"# " KEY "\n", "no root key was found"},
        {RECIPIENT "\n", "no root key was found"},
        {AES "\n", "no root key was found"},
        {KEY "\n" KEY "\n", "line 2 begins a second key"},
        {KEY "\n" RECIPIENT "\n" OTHER "\n", "line 3 begins a second key"},
        {KEY "\n" OTHER "\n", "another key's"},
        {KEY "\nage1hunter2\n", "the recipient is mistyped"},
        {"AGE-SECRET-KEY-1HUNTER2", "the key is mistyped"},
        {"AGE-SECRET-KEY-1D89G2U2QKWLS29J5QNDTKUKZ6JXAFLF9VUFNY44JXYNLN0Y3CUSQGFSNHQ",
         "the key is mistyped"},
        {KEY "\nhunter2\n", "line 2 is no part"},
        {KEY KEY, "the key is mistyped"},
        {"\n\nAES0" AES, "line 3 is no part"},
        {AES "00", "line 1 is no part"},
        {"age-encryption.org/v1\n-> scrypt hunter2 18\n", "is encrypted itself"},
        {"-----BEGIN AGE ENCRYPTED FILE-----\nhunter2\n", "is encrypted itself"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct root_key key;
        CHECK_EQ_INT(find(cases[i].text, &key), -EINVAL);
        if (!strstr(why.text, cases[i].why))
            CHECK_STR(why.text, cases[i].why);
        CHECK(!strstr(why.text, "hunter2") && !strstr(why.text, "HUNTER2"));
        CHECK(!strstr(why.text, "D89G2U"));
        CHECK(!key.text.data);
    }
}

TEST(bytes_that_are_no_text_are_no_key)
{
    static const char text[64] = {'\0'};
    struct value value = {.data = (char *)text, .length = sizeof text};
    struct root_key key;
    CHECK_EQ_INT(root_key_find(&value, &key, &why), -EINVAL);
}

TEST(it_is_read_from_the_file_that_is_named)
{
    struct arguments arguments = {.socket = NULL};
    struct root_key key;
    scratch_new();
    arguments.file = scratch_file("key", KEY "\n");
    CHECK_EQ_INT(root_key_read(&arguments, &key, &why), 0);
    check_json(&key, "\"ageSecretKey\":\"" KEY "\"");
    root_key_clear(&key);
    arguments.file = scratch_file("other", "hunter2\n");
    CHECK_EQ_INT(root_key_read(&arguments, &key, &why), -EINVAL);
    arguments.file = "/nonexistent";
    CHECK_EQ_INT(root_key_read(&arguments, &key, &why), -ENOENT);
}

CHECK_MAIN
