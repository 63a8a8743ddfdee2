/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/rewrite.h"

#include <dirent.h>
#include <errno.h>

#include "crypto/secret.h"
#include "limits.h"
#include "store/answer.h"
#include "store/record.h"
#include "store/rootkey.h"
#include "store/seal.h"
#include "tests/unit/forges.h"
#include "tests/unit/stores.h"

#define T0 INT64_C(1795551330123456)
#define SECOND INT64_C(1000000)
#define MAX 400

static struct stores stores;
static struct forges forges;
static uint64_t ticket;

static void begin(void)
{
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 8 * ARENA_MIB, MAX, 3);
}

static void end(void)
{
    stores_end(&stores);
}

static void reopen(void)
{
    CHECK_EQ_INT(stores_reopen(&stores, MAX, 3, T0), 0);
}

static struct store_stats stats(void)
{
    struct store_stats ret;
    store_read_stats(stores.store, &ret);
    return ret;
}

static void put(const char *key, const char *value)
{
    CHECK_EQ_INT(stores_put(&stores, key, span_of(value), T0), 0);
}

/* Keys a/0 to a/9 with seven versions each, of which three are kept; a/9 is deleted, a/8 expired.
 */
static void fill(void)
{
    for (char version = '1'; version <= '7'; version++)
        for (char c = '0'; c <= '9'; c++) {
            const char key[] = {'a', '/', c, '\0'}, value[] = {c, version, '\0'};
            put(key, value);
        }
    struct span name = SPAN_LITERAL("a/8");
    struct change_conflict conflict;
    const struct change_put brief = {.value = SPAN_LITERAL("brief"),
                                     .validity = {VALIDITY_NOW, T0 + SECOND},
                                     .if_version = CHANGE_ANY_VERSION};
    CHECK_EQ_INT(change_put(stores.store, &name, 1, &brief, T0, &ticket, &conflict), 0);
    change_expire(stores.store, T0 + SECOND);
    CHECK_EQ_INT(stores_delete(&stores, "a/9", T0), 0);
}

static void check_past(const char *key, uint64_t number, const char *value)
{
    struct record record;
    CHECK_EQ_INT(store_read(stores.store, span_of(key), number, T0, &record), 0);
    CHECK(span_is(record.value, value));
    CHECK_EQ_INT(record.version, number);
    record_done(stores.arena, &record);
}

static void check_filled(void)
{
    CHECK_EQ_INT(store_count(stores.store), 9);
    for (char c = '0'; c <= '7'; c++) {
        const char key[] = {'a', '/', c, '\0'}, value[] = {c, '7', '\0'};
        const struct store_version *version = store_find(stores.store, span_of(key));
        CHECK(version && span_is(version->value, value));
        CHECK_EQ_INT(version->number, 7);
        CHECK_EQ_INT(version->created_us, T0);
        const char five[] = {c, '5', '\0'}, six[] = {c, '6', '\0'};
        check_past(key, 5, five);
        check_past(key, 6, six);
    }
    CHECK(store_find(stores.store, SPAN_LITERAL("a/8"))->block == NULL);
    check_past("a/8", 7, "87");
    CHECK(store_find(stores.store, SPAN_LITERAL("a/9")) == NULL);
}

static int files(void)
{
    int count = 0;
    DIR *dir = opendir(scratch_directory);
    CHECK(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* ---- compaction ------------------------------------------------------------------------------ */

TEST(compaction_keeps_what_is_needed)
{
    begin();
    fill();
    struct store_stats before = stats();
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), 0);
    struct store_stats after = stats();
    CHECK(after.bytes < before.bytes && after.rewrites == 1);
    CHECK_EQ_INT(after.records, before.records);
    CHECK_EQ_INT(after.records, 8 * 3 + 3);
    CHECK_EQ_INT(after.live, before.live);
    CHECK_EQ_INT(files(), 2);
    check_filled();
    reopen();
    CHECK_EQ_INT(stores.refused, 0);
    check_filled();
    CHECK_EQ_INT(stats().records, before.records);
    end();
}

/* No sequence is given twice, also when the record with the greatest one was left behind. */
TEST(sequences_go_on)
{
    begin();
    fill();
    uint64_t before = stats().sequence;
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), 0);
    CHECK(stats().sequence > before);
    before = stats().sequence;
    reopen();
    CHECK(stats().sequence >= before);
    put("a/x", "later");
    reopen();
    CHECK(stats().sequence > before && stores.refused == 0);
    end();
}

TEST(compaction_when_it_is_worth_it)
{
    static char value[40000];
    struct span text = {value, sizeof value};
    memset(value, 'v', sizeof value);
    begin();
    CHECK(!rewrite_is_due(stores.store, T0));
    int puts = 0;
    for (; !rewrite_is_due(stores.store, T0) && puts < 200; puts++)
        CHECK_EQ_INT(stores_put(&stores, "a/b", text, T0), 0);
    CHECK(puts >= 3 + (int)(LIMIT_COMPACT / sizeof value) && puts < 40);
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, T0, &ticket), 0);
    CHECK(!rewrite_is_due(stores.store, T0));
    CHECK(stats().bytes < 4 * sizeof value);
    end();
}

/* ---- rekey ----------------------------------------------------------------------------------- */

static struct age_identity old;

/* That OLD opens none of the files: as root key, and as what opens the log. */
static void check_old_key_is_worthless(void)
{
    struct error error;
    struct seal *seal;
    size_t which;
    forges_read(&forges);
    struct span preface = {(const char *)forges.data + FORMAT_HEAD, forges.start - FORMAT_HEAD - 4};
    CHECK_EQ_INT(seal_open(stores.arena, preface, &old, 1, &which, &seal, &error), -ENOKEY);
    CHECK_EQ_INT(seal_open(stores.arena, preface, keyring_identity(stores.keyring), 1, &which,
                           &seal, &error),
                 0);
    seal_unref(seal);
    free(forges.data);
    char text[AGE_KEY_IDENTITY_TEXT], file[4096];
    age_key_write_identity(&old, text);
    FILE *key = fopen(scratch_path(PROTOCOL_STATE_KEY), "r");
    CHECK(key != NULL);
    file[fread(file, 1, sizeof file - 1, key)] = '\0';
    fclose(key);
    CHECK(!strstr(file, text) && strstr(file, "AGE-SECRET-KEY-1"));
    CHECK_EQ_INT(files(), 2);
}

TEST(rekey)
{
    begin();
    fill();
    old = *keyring_identity(stores.keyring);
    uint64_t before = stats().sequence, records = stats().records;
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), 0);
    CHECK(memcmp(&old, keyring_identity(stores.keyring), sizeof old) != 0);
    CHECK_EQ_INT(stats().records, records);
    CHECK(stats().sequence > before);
    check_filled();
    check_old_key_is_worthless();
    put("a/x", "after");
    reopen();
    CHECK_EQ_INT(stores.refused, 0);
    CHECK(store_find(stores.store, SPAN_LITERAL("a/x")) != NULL);
    CHECK_EQ_INT(stores_delete(&stores, "a/x", T0), 0);
    check_filled();
    end();
}

TEST(rekey_to_a_key_that_was_brought)
{
    begin();
    fill();
    old = *keyring_identity(stores.keyring);
    struct rootkey *key = rootkey_generate(stores.arena);
    struct age_recipient recipient = rootkey_identities(key)->recipient;
    CHECK_EQ_INT(keyring_rekey(stores.keyring, key, T0, &ticket), 0);
    CHECK_MEM(keyring_recipient(stores.keyring), &recipient, sizeof recipient);
    check_old_key_is_worthless();
    reopen();
    CHECK_MEM(keyring_recipient(stores.keyring), &recipient, sizeof recipient);
    check_filled();
    end();
}

/* A frame of before, in the log of the new key. */
TEST(record_of_the_old_key)
{
    static char sealed[4096];
    begin();
    put("a/b", "leaked");
    put("a/b", "changed");
    forges_read(&forges);
    struct span payload = forges_find(&forges, "put a/b 1 ")->payload;
    memcpy(sealed, payload.data, payload.length);
    payload.data = sealed;
    free(forges.data);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), 0);
    forges_read(&forges);
    forges_append(&forges, SPAN_LITERAL("put a/b 3 2026-11-24T20:15:30.123456Z now never"), payload,
                  forges_last_sequence(&forges) + 1);
    forges_write(&forges);
    reopen();
    CHECK_EQ_INT(stores.refused, 1);
    CHECK(span_is(store_find(stores.store, SPAN_LITERAL("a/b"))->value, "changed"));
    end();
}

/* A forged record behind the newest is dropped by a rekey, not sealed as if it were real. */
TEST(forged_past_is_dropped)
{
    static char three[4096];
    struct record record;
    begin();
    put("a/rich", "theirs");
    put("a/b", "one");
    put("a/b", "two");
    put("a/b", "three");
    forges_read(&forges);
    struct forges_frame second = *forges_find(&forges, "put a/b 2 ");
    struct forges_frame third = *forges_find(&forges, "put a/b 3 ");
    memcpy(three, third.payload.data, third.payload.length);
    third.payload.data = three;
    forges.size = (size_t)second.offset;
    forges_append(&forges, SPAN_LITERAL("put a/b 2 2026-11-24T20:15:30.123456Z now never"),
                  forges_find(&forges, "put a/rich ")->payload, second.header.sequence);
    forges_append(&forges, SPAN_LITERAL("put a/b 3 2026-11-24T20:15:30.123456Z now never"),
                  third.payload, third.header.sequence);
    forges_write(&forges);
    reopen();
    CHECK_EQ_INT(store_read(stores.store, SPAN_LITERAL("a/b"), 2, T0, &record), -EBADMSG);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), 0);
    CHECK_EQ_INT(store_read(stores.store, SPAN_LITERAL("a/b"), 2, T0, &record), -ENOENT);
    check_past("a/b", 1, "one");
    check_past("a/b", 3, "three");
    check_past("a/rich", 1, "theirs");
    reopen();
    check_past("a/b", 1, "one");
    CHECK_EQ_INT(store_read(stores.store, SPAN_LITERAL("a/b"), 2, T0, &record), -ENOENT);
    end();
}

/* Not enough secret memory for a record in both seals: all is as it was. */
TEST(rekey_without_room)
{
    static char big[600000];
    struct secret *filler[64];
    size_t fillers = 0;
    memset(big, 'x', sizeof big);
    begin();
    CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){big, sizeof big}, T0), 0);
    struct age_recipient recipient = *keyring_recipient(stores.keyring);
    while (fillers < 64 && (filler[fillers] = secret_new(stores.arena, 500000)))
        fillers++;
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), -ENOSPC);
    CHECK_EQ_INT(files(), 2);
    CHECK_MEM(keyring_recipient(stores.keyring), &recipient, sizeof recipient);
    put("a/c", "goes on");
    while (fillers)
        secret_unref(filler[--fillers]);
    reopen();
    CHECK_MEM(keyring_recipient(stores.keyring), &recipient, sizeof recipient);
    CHECK_EQ_INT(store_count(stores.store), 2);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), 0);
    end();
}

/* ---- with a loop ----------------------------------------------------------------------------- */

static unsigned turns;

static int count_turn(void *context)
{
    (void)context;
    turns++;
    return 0;
}

/* Many slices: between them readers are served. */
TEST(it_goes_on_in_slices)
{
    static char value[8000];
    char key[16];
    memset(value, 'v', sizeof value);
    stores = (struct stores){.arena = arenas_new(8 * ARENA_MIB)};
    scratch_new_in("/dev/shm");
    stores_go_async(&stores);
    CHECK_EQ_INT(stores_open(&stores, MAX, 3, 1), 0);
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "a/%d", i);
        CHECK_EQ_INT(stores_put(&stores, key, (struct span){value, sizeof value}, T0), 0);
    }
    turns = 0;
    loop_set_turn(stores.loop, count_turn, NULL);
    old = *keyring_identity(stores.keyring);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), -EINPROGRESS);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), -EAGAIN);
    CHECK_EQ_INT(stores_put(&stores, "a/0", SPAN_LITERAL("waits"), T0), -EAGAIN);
    CHECK_EQ_INT(store_find(stores.store, SPAN_LITERAL("a/0"))->value.length, sizeof value);
    CHECK_EQ_INT(stores_settle(&stores), 0);
    CHECK(turns > 2);
    check_old_key_is_worthless();
    CHECK_EQ_INT(stores_put(&stores, "a/0", SPAN_LITERAL("went"), T0), 0);
    loop_set_turn(stores.loop, NULL, NULL);
    reopen();
    CHECK_EQ_INT(store_count(stores.store), 300);
    CHECK(span_is(store_find(stores.store, SPAN_LITERAL("a/0"))->value, "went"));
    stores_end_async(&stores);
    end();
}

/* The daemon ends in the middle: the old log and the old key stay. */
TEST(rekey_given_up)
{
    stores = (struct stores){.arena = arenas_new(2 * ARENA_MIB)};
    scratch_new();
    stores_go_async(&stores);
    CHECK_EQ_INT(stores_open(&stores, MAX, 3, 1), 0);
    struct age_recipient recipient = *keyring_recipient(stores.keyring);
    CHECK_EQ_INT(keyring_rekey(stores.keyring, NULL, T0, &ticket), -EINPROGRESS);
    rewrite_cancel(stores.store);
    CHECK_EQ_INT(stores.result, -ECANCELED);
    CHECK_EQ_INT(files(), 2);
    CHECK_MEM(keyring_recipient(stores.keyring), &recipient, sizeof recipient);
    reopen();
    CHECK_MEM(keyring_recipient(stores.keyring), &recipient, sizeof recipient);
    stores_end_async(&stores);
    end();
}

CHECK_MAIN
