/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/keyring.h"

#include <errno.h>

#include "crypto/age_header.h"
#include "crypto/age_payload.h"
#include "limits.h"
#include "store/rootkey.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define MAX 20

static struct stores stores;
static struct error error;
static struct load_report report;
static uint64_t ticket;

static struct rootkey *copy_of(const struct age_identity *identity)
{
    char text[AGE_KEY_IDENTITY_TEXT];
    struct rootkey *key;
    age_key_write_identity(identity, text);
    CHECK_EQ_INT(rootkey_parse(stores.arena, span_of(text), &key, &error), 0);
    return key;
}

static int unseal(struct rootkey *key)
{
    const struct load_options load = stores_load(&stores, T0);
    return keyring_unseal(stores.keyring, key, &load, &report, &error);
}

static struct age_identity real;

/* A log with one secret, and the store of a new process, sealed. */
static void begin_manual(void)
{
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 2 * ARENA_MIB, MAX, 10);
    CHECK_EQ_INT(stores_put(&stores, "a/b", SPAN_LITERAL("v"), T0), 0);
    real = *keyring_identity(stores.keyring);
    stores_close(&stores);
    stores.kind = KEYRING_MANUAL;
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), 0);
    CHECK(store_is_sealed(stores.store));
    CHECK(!keyring_recipient(stores.keyring) && !keyring_identity(stores.keyring));
}

static void check_open(void)
{
    CHECK(!store_is_sealed(stores.store));
    CHECK(span_is(store_find(stores.store, SPAN_LITERAL("a/b"))->value, "v"));
    CHECK_MEM(keyring_identity(stores.keyring), &real, sizeof real);
}

TEST(manual)
{
    begin_manual();
    CHECK_EQ_INT(unseal(rootkey_generate(stores.arena)), -ENOKEY);
    CHECK(strstr(error.text, "another root key") != NULL);
    CHECK(store_is_sealed(stores.store) && !keyring_identity(stores.keyring));
    CHECK_EQ_INT(unseal(copy_of(&real)), 0);
    check_open();
    CHECK_EQ_INT(unseal(copy_of(&real)), 0); /* again: fine */
    CHECK_EQ_INT(unseal(rootkey_generate(stores.arena)), -EEXIST);
    CHECK(strstr(error.text, "use rekey") != NULL);
    check_open();
    stores_end(&stores);
}

/* The key file of a rekey that was interrupted has two; either may be the one. */
TEST(manual_with_two)
{
    char text[2 * AGE_KEY_IDENTITY_TEXT + 2], one[AGE_KEY_IDENTITY_TEXT],
        two[AGE_KEY_IDENTITY_TEXT];
    struct age_identity other;
    struct rootkey *key;
    begin_manual();
    age_key_generate(&other);
    age_key_write_identity(&other, one);
    age_key_write_identity(&real, two);
    snprintf(text, sizeof text, "%s\n%s\n", one, two);
    CHECK_EQ_INT(rootkey_parse(stores.arena, span_of(text), &key, &error), 0);
    CHECK_EQ_INT(unseal(key), 0);
    CHECK_EQ_INT(report.which, 1);
    check_open();
    stores_end(&stores);
}

/* The key of the first unsealing of an empty directory is the log's. */
TEST(manual_first_start)
{
    stores = (struct stores){.arena = arenas_new(ARENA_MIB), .kind = KEYRING_MANUAL};
    scratch_new();
    CHECK_EQ_INT(stores_open(&stores, MAX, 10, T0), 0);
    CHECK(!load_has_log(stores.dir));
    struct rootkey *key = rootkey_generate(stores.arena);
    real = *rootkey_identities(key);
    CHECK_EQ_INT(unseal(key), 0);
    CHECK(report.is_new && load_has_log(stores.dir));
    CHECK_EQ_INT(stores_put(&stores, "a/b", SPAN_LITERAL("v"), T0), 0);
    CHECK(access(scratch_path(PROTOCOL_STATE_KEY), F_OK) < 0); /* nobody wrote it down */
    CHECK_EQ_INT(stores_reopen(&stores, MAX, 10, T0), 0);
    CHECK_EQ_INT(unseal(rootkey_generate(stores.arena)), -ENOKEY);
    CHECK_EQ_INT(unseal(copy_of(&real)), 0);
    check_open();
    stores_end(&stores);
}

TEST(manual_rekey_needs_a_key)
{
    begin_manual();
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), -ENOKEY);
    CHECK_EQ_INT(unseal(copy_of(&real)), 0);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), -EINVAL);
    struct rootkey *key = rootkey_generate(stores.arena);
    struct age_identity fresh = *rootkey_identities(key);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, key, T0, &ticket), 0);
    CHECK_EQ_INT(stores_reopen(&stores, MAX, 10, T0), 0);
    CHECK_EQ_INT(unseal(copy_of(&real)), -ENOKEY);
    real = fresh;
    CHECK_EQ_INT(unseal(copy_of(&real)), 0);
    check_open();
    stores_end(&stores);
}

/* A rekey was interrupted, and the disk is full: what can be opened is opened. */
TEST(file_with_two_that_cannot_be_written)
{
    struct rootkey *key;
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 2 * ARENA_MIB, MAX, 10);
    CHECK_EQ_INT(stores_put(&stores, "a/b", SPAN_LITERAL("v"), T0), 0);
    real = *keyring_identity(stores.keyring);
    struct rootkey *fresh = rootkey_generate(stores.arena), *old = copy_of(&real);
    CHECK_EQ_INT(rootkey_write(stores.dir, PROTOCOL_STATE_KEY, stores.arena, fresh, old), 0);
    rootkey_free(fresh);
    rootkey_free(old);
    CHECK(mkdirat(stores.dir, PROTOCOL_STATE_KEY ".new", 0700) == 0);
    for (size_t expected = 2; expected >= 1; expected--) {
        CHECK_EQ_INT(stores_reopen(&stores, MAX, 10, T0), 0);
        check_open();
        CHECK_EQ_INT(rootkey_read(stores.arena, stores.dir, PROTOCOL_STATE_KEY, &key, &error), 0);
        CHECK_EQ_INT(rootkey_count(key), expected);
        rootkey_free(key);
        unlinkat(stores.dir, PROTOCOL_STATE_KEY ".new", AT_REMOVEDIR);
    }
    stores_end(&stores);
}

/* ---- a key that somebody gives --------------------------------------------------------------- */

static int start_with(const char *text)
{
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    CHECK(write(pipes[1], text, strlen(text)) == (ssize_t)strlen(text));
    close(pipes[1]);
    const struct store_options options = {
        .arena = stores.arena, .max = MAX, .versions = 10, .dir = stores.dir};
    const struct keyring_options key = {.kind = KEYRING_GIVEN, .fd = pipes[0], .what = "fd:9"};
    keyring_free(stores.keyring);
    store_free(stores.store);
    stores.store = store_new(&options);
    stores.keyring = keyring_new(stores.arena, stores.store, &key);
    const struct load_options load = stores_load(&stores, T0);
    int r = keyring_start(stores.keyring, &load, &report, &error);
    close(pipes[0]);
    return r;
}

TEST(given)
{
    char text[AGE_KEY_IDENTITY_TEXT], other[AGE_KEY_IDENTITY_TEXT];
    struct age_identity stranger;
    begin_manual();
    age_key_generate(&stranger);
    age_key_write_identity(&stranger, other);
    age_key_write_identity(&real, text);
    CHECK_EQ_INT(start_with(other), -ENOKEY);
    CHECK_EQ_INT(start_with("rubbish"), -EINVAL);
    CHECK(strstr(error.text, "fd:9") && !strstr(error.text, "rubbish"));
    CHECK_EQ_INT(start_with(""), -EINVAL);
    CHECK_EQ_INT(start_with(text), 0);
    check_open();
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), -EINVAL);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, copy_of(&stranger), T0, &ticket), 0);
    CHECK_EQ_INT(start_with(text), -ENOKEY);
    CHECK_EQ_INT(start_with(other), 0);
    CHECK(span_is(store_find(stores.store, SPAN_LITERAL("a/b"))->value, "v"));
    stores_end(&stores);
}

/* ---- sealed values --------------------------------------------------------------------------- */

static size_t seal_to(const struct age_recipient *to, const char *text, char *ret, size_t size)
{
    unsigned char file_key[AGE_FILE_KEY] = "0123456789abcde";
    size_t head;
    CHECK_EQ_INT(age_header_write(to, 1, file_key, ret, size, &head), 0);
    age_payload_seal(file_key, text, strlen(text), (unsigned char *)ret + head);
    return head + age_payload_sealed(strlen(text));
}

TEST(open_a_value)
{
    char file[1024], mark[AGE_MARK + 1], *plain;
    size_t length;
    struct age_identity stranger;
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 2 * ARENA_MIB, MAX, 10);
    uint64_t blocks = arenas_blocks(stores.arena);
    size_t size = seal_to(keyring_recipient(stores.keyring), "the value", file, sizeof file);
    CHECK_EQ_INT(
        keyring_open(stores.keyring, (struct span){file, size}, &plain, &length, mark, &error), 0);
    CHECK_STR(mark, "");
    CHECK(span_is((struct span){plain, length}, "the value"));
    CHECK(arena_owns(stores.arena, plain));
    arena_free(stores.arena, plain);
    for (size_t at = 30; at < size; at += 7) {
        file[at] ^= 4;
        CHECK(keyring_open(stores.keyring, (struct span){file, size}, &plain, &length, mark,
                           &error) < 0);
        file[at] ^= 4;
    }
    for (size_t cut = 0; cut < size; cut += 5)
        CHECK(keyring_open(stores.keyring, (struct span){file, cut}, &plain, &length, mark,
                           &error) < 0);
    age_key_generate(&stranger);
    size = seal_to(&stranger.recipient, "not ours", file, sizeof file);
    CHECK_EQ_INT(
        keyring_open(stores.keyring, (struct span){file, size}, &plain, &length, mark, &error),
        -ENOKEY);
    CHECK_EQ_INT(arenas_blocks(stores.arena), blocks);
    stores_end(&stores);
}

CHECK_MAIN
