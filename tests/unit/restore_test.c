/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/restore.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/worker.h"
#include "limits.h"
#include "store/record.h"
#include "store/rewrite.h"
#include "store/store_state.h"
#include "tests/unit/backups.h"

#define T0 INT64_C(1795551330123456) /* 2026-11-24T20:15:30.123456Z */
#define SECOND INT64_C(1000000)
#define NOW (T0 + 100 * SECOND)
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* How a restore runs: at once, or in slices, with a log in memory or on a disk. */
enum mode { AT_ONCE, SLICES_MEMORY, SLICES_DISK, MODES };

static struct stores stores;
static struct restore *restore;
static struct backups_text sealed;
static struct loop *loop;
static struct worker *worker;
static size_t arena_size, max;
static unsigned versions;

static struct {
    uint64_t ticket;
    int result;
    unsigned count;
} settled;

static void on_settled(void *context, uint64_t first, uint64_t last, int result)
{
    (void)context;
    if (settled.ticket < first || settled.ticket > last)
        return;
    settled.result = result;
    settled.count++;
    loop_stop(loop);
}

static void reopen(void)
{
    restore_free(restore);
    if (stores.store)
        stores_close(&stores);
    CHECK_EQ_INT(stores_open(&stores, max, versions, NOW), 0);
    CHECK_EQ_INT(stores.refused, 0);
    restore = restore_new(stores.store, stores.keyring);
    CHECK(restore != NULL);
}

/* An empty store in an empty directory of PARENT. */
static void begin_in(const char *parent)
{
    stores.arena = arenas_new(arena_size);
    stores.store = NULL;
    restore = NULL;
    scratch_new_in(parent);
    reopen();
}

static void begin(void)
{
    arena_size = 16 * ARENA_MIB;
    max = 3000;
    versions = 10;
    begin_in("/tmp");
}

static void end(void)
{
    restore_free(restore);
    stores_end(&stores);
    backups_drop(&sealed);
}

/* From here on as MODE says; AT_ONCE again before anything is changed by hand. */
static void use(enum mode mode)
{
    struct store_options *options = &stores.store->options;
    if (mode == AT_ONCE) {
        worker_free(worker);
        worker = NULL;
        loop_free(loop);
        loop = NULL;
    } else {
        CHECK_EQ_INT(loop_new(&loop), 0);
        if (mode == SLICES_DISK)
            CHECK_EQ_INT(worker_new(loop, &worker), 0);
    }
    options->loop = loop;
    options->worker = worker;
    store_set_settled(stores.store, on_settled, NULL);
}

static int on_turn(void *context)
{
    change_flush(context);
    return 0;
}

static int apply_keys(const struct span *keys, size_t count, int is_trial)
{
    uint64_t ticket = 0;
    int r = restore_apply(restore, keys, count, is_trial, NOW, &ticket);
    if (r != -EINPROGRESS)
        return r;
    CHECK(loop != NULL && ticket > 0);
    settled.ticket = ticket;
    settled.count = 0;
    loop_set_turn(loop, on_turn, stores.store);
    CHECK_EQ_INT(loop_run(loop), 0);
    CHECK_EQ_INT(settled.count, 1);
    return settled.result;
}

static int apply(void)
{
    return apply_keys(NULL, 0, 0);
}

static const char *said(void)
{
    const struct restore_row *rows;
    const struct error *error;
    size_t count;
    restore_result(restore, &rows, &count, &error);
    return error->text;
}

static void check_row(const char *key, enum restore_change change, uint64_t version)
{
    const struct restore_row *rows;
    const struct error *error;
    size_t count;
    restore_result(restore, &rows, &count, &error);
    for (size_t i = 0; i < count; i++)
        if (span_is(rows[i].key, key)) {
            CHECK_EQ_INT(rows[i].change, change);
            CHECK_EQ_INT(rows[i].version, version);
            return;
        }
    check_fail(__FILE__, __LINE__, "no row of %s", key);
}

static void check_row_count(size_t expected)
{
    const struct restore_row *rows;
    const struct error *error;
    size_t count;
    restore_result(restore, &rows, &count, &error);
    CHECK_EQ_INT(count, expected);
    for (size_t i = 1; i < count; i++)
        CHECK(memcmp(rows[i - 1].key.data, rows[i].key.data,
                     rows[i].key.length < rows[i - 1].key.length ? rows[i].key.length
                                                                 : rows[i - 1].key.length) <= 0);
}

static void put(const char *key, const char *value, int64_t now_us)
{
    CHECK_EQ_INT(stores_put(&stores, key, span_of(value), now_us), 0);
}

static void check_value(const char *key, uint64_t number, const char *value)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    CHECK(version != NULL);
    CHECK_EQ_INT(version->number, number);
    CHECK(span_is(version->value, value));
}

static int file_is_there(void)
{
    return access(scratch_path(PROTOCOL_STATE_RESTORE), F_OK) == 0;
}

/* The log as it is, byte by byte. */
static struct backups_text read_log(void)
{
    struct backups_text text = {NULL, 0, 0};
    char chunk[65536];
    ssize_t n;
    int fd = open(scratch_path(PROTOCOL_STATE_LOG), O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    while ((n = read(fd, chunk, sizeof chunk)) > 0)
        backups_keep(&text, chunk, (size_t)n);
    close(fd);
    return text;
}

static void check_log(struct backups_text *before)
{
    struct backups_text now = read_log();
    CHECK_EQ_INT(now.length, before->length);
    CHECK_MEM(now.data, before->data, now.length);
    backups_drop(&now);
    backups_drop(before);
}

/* ---- what comes back ------------------------------------------------------------------------- */

static void fill(void)
{
    put("a/changed", "one", T0);
    put("a/gone", "g1", T0 + 1);
    put("a/gone", "g2", T0 + 2);
    put("a/gone", "g3", T0 + 3);
    put("a/same", "s", T0);
    backups_make(&stores, T0 + 4, &sealed);
    CHECK_EQ_INT(stores_delete(&stores, "a/gone", T0 + 5), 0);
    put("a/changed", "two", T0 + 5);
    put("a/later", "not in the backup", T0 + 5);
}

static void check_filled(void)
{
    check_value("a/gone", 3, "g3");
    check_value("a/changed", 3, "one");
    check_value("a/same", 1, "s");
    check_value("a/later", 1, "not in the backup");
    const struct store_version *gone = store_find(stores.store, span_of("a/gone"));
    CHECK(gone->created_us == T0 + 1 && gone->updated_us == T0 + 3);
    const struct store_version *changed = store_find(stores.store, span_of("a/changed"));
    CHECK(changed->created_us == T0 && changed->updated_us == NOW);
    struct record record;
    for (unsigned i = 1; i <= 3; i++) {
        char value[16];
        snprintf(value, sizeof value, "g%u", i);
        CHECK_EQ_INT(store_read(stores.store, span_of("a/gone"), i, NOW, &record), 0);
        CHECK(span_is(record.value, value) && record.updated_us == T0 + i);
        CHECK(record.created_us == T0 + 1);
        record_done(stores.arena, &record);
    }
    CHECK_EQ_INT(store_read(stores.store, span_of("a/changed"), 2, NOW, &record), 0);
    CHECK(span_is(record.value, "two"));
    record_done(stores.arena, &record);
}

TEST(new_changed_and_same)
{
    static const char *const parents[] = {"/tmp", "/dev/shm", "/tmp"};
    for (enum mode mode = AT_ONCE; mode < MODES; mode++) {
        arena_size = 16 * ARENA_MIB, max = 3000, versions = 10;
        begin_in(parents[mode]);
        CHECK_EQ_INT(journal_is_memory(stores.store->journal), mode == SLICES_MEMORY);
        fill();
        uint64_t before = arenas_blocks(stores.arena);
        backups_send(restore, &sealed, 100);
        CHECK(file_is_there());
        use(mode);
        CHECK_EQ_INT(apply(), 0);
        CHECK_STR(said(), "");
        check_row_count(3);
        check_row("a/gone", RESTORE_NEW, 3);
        check_row("a/changed", RESTORE_CHANGED, 3);
        check_row("a/same", RESTORE_SAME, 1);
        CHECK_EQ_INT(arenas_blocks(stores.arena), before + 1); /* a/gone's */
        CHECK(!file_is_there());
        use(AT_ONCE);
        check_filled();
        reopen();
        check_filled();
        put("a/gone", "g4", NOW); /* the numbers go on */
        check_value("a/gone", 4, "g4");
        backups_make(&stores, NOW, &sealed);
        backups_send(restore, &sealed, LIMIT_PIECE);
        struct backups_text log = read_log();
        CHECK_EQ_INT(apply(), 0); /* all the same: nothing is written */
        check_log(&log);
        check_row_count(4);
        end();
    }
}

TEST(chosen_keys)
{
    const struct span keys[] = {SPAN_LITERAL("a/gone"), SPAN_LITERAL("a/gone")};
    const struct span unknown[] = {SPAN_LITERAL("a/gone"), SPAN_LITERAL("a/unknown")};
    for (enum mode mode = AT_ONCE; mode < MODES; mode++) {
        begin();
        fill();
        backups_send(restore, &sealed, LIMIT_PIECE);
        use(mode);
        struct backups_text log = read_log();
        CHECK_EQ_INT(apply_keys(unknown, 2, 0), -ENOENT);
        CHECK_STR(said(), "the backup has no a/unknown; nothing was changed");
        check_log(&log);
        CHECK(file_is_there()); /* another choice may follow */
        CHECK_EQ_INT(apply_keys(keys, 2, 0), 0);
        check_row_count(1);
        check_row("a/gone", RESTORE_NEW, 3);
        check_value("a/gone", 3, "g3");
        check_value("a/changed", 2, "two");
        CHECK_EQ_INT(apply(), -EINVAL);
        CHECK_STR(said(), "no backup has been received");
        use(AT_ONCE);
        end();
    }
}

TEST(trial_changes_nothing)
{
    for (enum mode mode = AT_ONCE; mode < MODES; mode++) {
        begin();
        fill();
        backups_send(restore, &sealed, LIMIT_PIECE);
        use(mode);
        struct backups_text log = read_log();
        uint64_t before = arenas_blocks(stores.arena);
        for (int i = 0; i < 2; i++) {
            CHECK_EQ_INT(apply_keys(NULL, 0, 1), 0);
            check_row_count(3);
            check_row("a/gone", RESTORE_NEW, 3);
            check_row("a/changed", RESTORE_CHANGED, 3);
            check_row("a/same", RESTORE_SAME, 1);
            CHECK(store_find(stores.store, span_of("a/gone")) == NULL);
            check_value("a/changed", 2, "two");
            CHECK_EQ_INT(arenas_blocks(stores.arena), before);
        }
        check_log(&log);
        CHECK_EQ_INT(apply(), 0); /* the control, with the same file */
        use(AT_ONCE);
        check_filled();
        end();
    }
}

static int put_until(const char *key, const char *value, int64_t expires_us, int64_t now_us)
{
    const struct span name = span_of(key);
    const struct change_put change = {.value = span_of(value),
                                      .validity = {.expires_us = expires_us},
                                      .if_version = CHANGE_ANY_VERSION};
    struct change_conflict conflict;
    uint64_t ticket;
    return change_put(stores.store, &name, 1, &change, now_us, &ticket, &conflict);
}

TEST(expired_versions)
{
    begin();
    CHECK_EQ_INT(put_until("a/past", "x", T0 + SECOND, T0), 0);
    change_expire(stores.store, T0 + SECOND);
    put("a/past", "alive", T0 + 2 * SECOND);
    CHECK_EQ_INT(put_until("a/recorded", "x", T0 + SECOND, T0), 0);
    change_expire(stores.store, T0 + SECOND);
    CHECK_EQ_INT(put_until("a/since", "over by now", T0 + 50 * SECOND, T0), 0);
    CHECK_EQ_INT(put_until("a/kept", "over by now", T0 + 50 * SECOND, T0), 0);
    backups_make(&stores, T0 + 10 * SECOND, &sealed);
    CHECK_EQ_INT(stores_delete(&stores, "a/past", T0), 0);
    CHECK_EQ_INT(stores_delete(&stores, "a/recorded", T0), 0);
    CHECK_EQ_INT(stores_delete(&stores, "a/since", T0), 0);
    put("a/kept", "another", T0 + 11 * SECOND);
    backups_send(restore, &sealed, LIMIT_PIECE);
    uint64_t before = arenas_blocks(stores.arena);
    CHECK_EQ_INT(apply(), 0);
    CHECK_EQ_INT(arenas_blocks(stores.arena), before + 1);
    check_row("a/past", RESTORE_NEW, 2);
    check_row("a/recorded", RESTORE_NEW, 1);
    check_row("a/since", RESTORE_NEW, 1);
    check_row("a/kept", RESTORE_SAME, 2); /* nobody wants what is over instead of what is not */
    for (int i = 0; i < 2; i++) {
        check_value("a/past", 2, "alive");
        check_value("a/kept", 2, "another");
        CHECK(store_find(stores.store, span_of("a/recorded"))->block == NULL);
        CHECK(store_find(stores.store, span_of("a/since"))->block == NULL);
        change_expire(stores.store, NOW);
        reopen();
    }
    CHECK(stores.store->due_us == VALIDITY_NEVER || stores.store->due_us > NOW);
    end();
}

TEST(more_versions_than_are_kept)
{
    struct store_row *rows;
    size_t count;
    begin();
    for (int i = 0; i < 9; i++)
        put("a/b", i % 2 ? "odd" : "even", T0 + i);
    backups_make(&stores, T0 + SECOND, &sealed);
    CHECK_EQ_INT(stores_delete(&stores, "a/b", T0), 0);
    versions = 4;
    reopen();
    backups_send(restore, &sealed, LIMIT_PIECE);
    CHECK_EQ_INT(apply(), 0);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_INT(store_history(stores.store, span_of("a/b"), &rows, &count), 0);
        CHECK(count == 4 && rows[0].number == 9 && rows[3].number == 6);
        free(rows);
        reopen();
    }
    end();
}

/* ---- refusals -------------------------------------------------------------------------------- */

#define LINE(op, key, version, rest)                                                    \
    "{\"v\":1,\"op\":\"" op "\",\"sequence\":0,\"namespace\":\"a\",\"workload\":\"" key \
    "\",\"version\":" version ",\"created\":\"2026-11-24T20:15:30Z\",\"updated\":"      \
    "\"2026-11-24T20:15:30Z\",\"notBefore\":\"now\",\"expires\":\"never\"" rest "}\n"
#define PUT(key, version) LINE("put", key, version, ",\"value\":\"hunter2\"")

/* TEXT is refused with WHY and nothing has changed. */
static void check_refused(const struct backups_text *text, const char *why)
{
    struct backups_text log = read_log();
    uint64_t before = arenas_blocks(stores.arena);
    backups_send(restore, text, LIMIT_PIECE);
    for (int is_trial = 1; is_trial >= 0; is_trial--) {
        CHECK_EQ_INT(apply_keys(NULL, 0, is_trial), -EINVAL);
        if (!said()[0] || !strstr(said(), why) || strstr(said(), "hunter2"))
            check_fail(__FILE__, __LINE__, "\"%s\" instead of \"%s\"", said(), why);
    }
    CHECK_EQ_INT(arenas_blocks(stores.arena), before);
    CHECK_EQ_INT(store_count(stores.store), 3);
    check_log(&log);
}

TEST(files_that_are_damaged)
{
    for (enum mode mode = AT_ONCE; mode < MODES; mode++) {
        begin();
        fill();
        use(mode);
        struct backups_text cut = sealed;
        for (size_t i = 0; i < 40; i++) {
            cut.length = i < 20 ? i * sealed.length / 20 : sealed.length - 1 - (i - 20);
            check_refused(&cut, "");
        }
        for (size_t i = 0; i < 40; i++) {
            size_t at = i < 20 ? i * sealed.length / 20 : sealed.length - 1 - (i - 20);
            sealed.data[at] ^= 1;
            check_refused(&sealed, "");
            sealed.data[at] ^= 1;
        }
        backups_keep(&sealed, "x", 1);
        check_refused(&sealed, "");
        sealed.length--;
        backups_send(restore, &sealed, LIMIT_PIECE);
        CHECK_EQ_INT(apply(), 0);
        use(AT_ONCE);
        check_filled();
        end();
    }
}

TEST(files_of_others)
{
    struct age_identity other;
    struct backup *backup;
    struct backups_text foreign = {NULL, 0, 0}, long_header = {NULL, 0, 0};
    unsigned pieces;
    begin();
    fill();
    age_key_generate(&other);
    CHECK_EQ_INT(backup_new(stores.store, &other.recipient, 1, NOW, &backup), 0);
    CHECK_EQ_INT(backups_drain(backup, &foreign, &pieces), 0);
    backup_free(backup);
    check_refused(&foreign, "sealed to");
    backups_keep(&long_header, "age-encryption.org/v1\n", 22);
    for (unsigned i = 0; i < LIMIT_AGE_STANZAS + 9; i++)
        backups_keep(&long_header, "-> other\n\n", 10);
    backups_keep(&long_header, "--- cjAedPe8X793l6BRGGUsU+y6oEQMSSp2KIplt6JLbDQ\n", 48);
    check_refused(&long_header, "stanzas");
    backups_drop(&foreign);
    backups_drop(&long_header);
    end();
}

TEST(lines_that_are_wrong)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "no end"},
        {"hunter2\n", "line 1"},
        {"{\"vsecmBackup\":1,\"records\":2}\n" PUT("n", "2") PUT("n", "1") "{\"end\":2}\n",
         "the versions of a/n are not in order"},
        {"{\"vsecmBackup\":1,\"records\":2}\n" PUT("n", "2") PUT("n", "2") "{\"end\":2}\n",
         "the versions of a/n are not in order"},
        {"{\"vsecmBackup\":1,\"records\":2}\n" PUT("n", "1") "{\"end\":2}\n", "1 records"},
        {"{\"vsecmBackup\":1,\"records\":1}\n" PUT("n", "1"), "no end"},
        {"{\"vsecmBackup\":1,\"records\":1}\n" LINE("delete", "same", "2", "") "{\"end\":1}\n",
         "deletion"},
        {"{\"vsecmBackup\":1,\"records\":1}\n" PUT("N", "1") "{\"end\":1}\n", "line 2"},
        {"{\"vsecmBackup\":1,\"records\":1}\n" PUT("n", "0") "{\"end\":1}\n", "line 2"},
    };
    struct backups_text text = {NULL, 0, 0};
    begin();
    fill();
    for (size_t i = 0; i < COUNT(rows); i++) {
        backups_seal(&stores, span_of(rows[i].text), &text);
        check_refused(&text, rows[i].why);
    }
    backups_seal(
        &stores,
        span_of("{\"vsecmBackup\":1,\"records\":2}\n" PUT("n", "1") PUT("n", "2") "{\"end\":2}\n"),
        &text);
    backups_send(restore, &text, LIMIT_PIECE);
    CHECK_EQ_INT(apply(), 0);
    check_value("a/n", 2, "hunter2");
    backups_drop(&text);
    end();
}

/* ---- receiving ------------------------------------------------------------------------------- */

static int receive(uint64_t offset, const char *text)
{
    uint64_t total = 4711;
    int r = restore_receive(restore, offset, span_of(text), &total);
    CHECK_EQ_INT(total, r == 0 ? offset + strlen(text) : 4711);
    return r;
}

TEST(pieces_in_order)
{
    begin();
    CHECK_EQ_INT(receive(4, "late"), -ESTALE);
    CHECK(!file_is_there());
    CHECK_EQ_INT(receive(0, ""), 0);
    CHECK_EQ_INT(receive(0, "abcd"), 0);
    CHECK_EQ_INT(receive(3, "d"), -ESTALE);
    CHECK_EQ_INT(receive(5, "f"), -ESTALE);
    CHECK_EQ_INT(receive(UINT64_MAX, "f"), -ESTALE);
    CHECK_EQ_INT(receive(4, "ef"), 0);
    struct stat st;
    CHECK(stat(scratch_path(PROTOCOL_STATE_RESTORE), &st) == 0);
    CHECK(st.st_size == 6 && (st.st_mode & 0777) == 0600);
    CHECK_EQ_INT(receive(0, "xyz"), 0); /* anew */
    CHECK(stat(scratch_path(PROTOCOL_STATE_RESTORE), &st) == 0 && st.st_size == 3);
    reopen(); /* a restart, orderly */
    CHECK(!file_is_there());
    CHECK_EQ_INT(receive(3, "more"), -ESTALE);
    scratch_file(PROTOCOL_STATE_RESTORE, "of one that was killed");
    reopen();
    CHECK(!file_is_there());
    end();
}

/* What filled the disk is removed: everybody else needs the room. */
TEST(full_disk_while_receiving)
{
    char *piece = malloc(LIMIT_PIECE);
    uint64_t total;
    struct rlimit old, small = {.rlim_cur = 3 * LIMIT_PIECE / 2};
    memset(piece, 'x', LIMIT_PIECE);
    begin();
    CHECK_EQ_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    CHECK_EQ_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
    CHECK_EQ_INT(restore_receive(restore, 0, (struct span){piece, LIMIT_PIECE}, &total), 0);
    int r = restore_receive(restore, LIMIT_PIECE, (struct span){piece, LIMIT_PIECE}, &total);
    CHECK_EQ_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
    CHECK_EQ_INT(r, -EFBIG);
    CHECK(!file_is_there());
    CHECK_EQ_INT(receive(LIMIT_PIECE, "x"), -ESTALE);
    CHECK_EQ_INT(apply(), -EINVAL);
    CHECK_EQ_INT(receive(0, "x"), 0);
    free(piece);
    end();
}

/* ---- slices, and others meanwhile ------------------------------------------------------------ */

enum { MANY = 2000 };

static void fill_many(void)
{
    char key[32], value[600];
    memset(value, 'v', sizeof value);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "b/w%u", i);
        CHECK_EQ_INT(stores_put(&stores, key, (struct span){value, sizeof value}, T0), 0);
    }
    backups_make(&stores, T0 + 1, &sealed);
    for (unsigned i = 0; i < MANY; i += 2) {
        snprintf(key, sizeof key, "b/w%u", i);
        CHECK_EQ_INT(stores_delete(&stores, key, T0 + 2), 0);
    }
    for (unsigned i = 1; i < MANY; i += 4) {
        snprintf(key, sizeof key, "b/w%u", i);
        put(key, "changed", T0 + 2);
    }
}

static struct {
    unsigned turns;
    unsigned seen_settling; /* turns in which the disk was waited for */
    int is_trial;
} meanwhile;

/* Each turn, somebody else tries everything. */
static int on_turn_with_others(void *context)
{
    struct store *store = context;
    uint64_t ticket;
    if (settled.count)
        return 0;
    meanwhile.turns++;
    meanwhile.seen_settling += change_is_pending(store) != 0;
    CHECK_EQ_INT(restore_apply(restore, NULL, 0, 1, NOW, &ticket), -EAGAIN);
    CHECK_EQ_INT(restore_apply(restore, NULL, 0, 0, NOW, &ticket), -EAGAIN);
    if (!change_is_pending(store)) {
        CHECK_EQ_INT(receive(0, "x"), -EBUSY);
        if (!meanwhile.is_trial)
            CHECK_EQ_INT(stores_put(&stores, "c/c", span_of("c"), NOW), -EAGAIN);
    }
    CHECK(store_find(store, span_of("b/w2")) == NULL); /* nothing is half there */
    check_value("b/w1", 2, "changed");
    change_flush(store);
    return 0;
}

TEST(second_restore_while_one_runs)
{
    for (enum mode mode = SLICES_MEMORY; mode < MODES; mode++)
        for (int is_trial = 1; is_trial >= 0; is_trial--) {
            uint64_t ticket;
            arena_size = 16 * ARENA_MIB, max = 3000, versions = 10;
            begin_in(mode == SLICES_DISK ? "/tmp" : "/dev/shm");
            fill_many();
            backups_send(restore, &sealed, LIMIT_PIECE);
            use(mode);
            memset(&meanwhile, 0, sizeof meanwhile);
            meanwhile.is_trial = is_trial;
            settled.count = 0;
            CHECK_EQ_INT(restore_apply(restore, NULL, 0, is_trial, NOW, &settled.ticket),
                         -EINPROGRESS);
            CHECK_EQ_INT(restore_apply(restore, NULL, 0, 1, NOW, &ticket), -EAGAIN);
            loop_set_turn(loop, on_turn_with_others, stores.store);
            CHECK_EQ_INT(loop_run(loop), 0);
            CHECK_EQ_INT(settled.result, 0);
            CHECK(meanwhile.turns > 3);
            CHECK((meanwhile.seen_settling > 0) == (mode == SLICES_DISK && !is_trial));
            check_row_count(MANY);
            check_row("b/w2", RESTORE_NEW, 1);
            check_row("b/w1", RESTORE_CHANGED, 3);
            check_row("b/w3", RESTORE_SAME, 1);
            use(AT_ONCE);
            CHECK_EQ_INT(store_count(stores.store), is_trial ? MANY / 2 : MANY);
            put("c/c", "c", NOW);
            end();
        }
}

static off_t log_size(void)
{
    struct stat st;
    CHECK(stat(scratch_path(PROTOCOL_STATE_LOG), &st) == 0);
    return st.st_size;
}

static off_t size_before;

/* Stops when part of it is in the log. */
static int stop_halfway(void *context)
{
    (void)context;
    CHECK_EQ_INT(settled.count, 0);
    if (log_size() > size_before)
        loop_stop(loop);
    return 0;
}

/* The daemon ends in the midst: nothing of it has been, and its file is gone. */
TEST(stopped_in_the_midst)
{
    for (enum mode mode = SLICES_MEMORY; mode < MODES; mode++) {
        arena_size = 16 * ARENA_MIB, max = 3000, versions = 10;
        begin_in(mode == SLICES_DISK ? "/tmp" : "/dev/shm");
        fill_many();
        size_before = log_size();
        struct backups_text log = read_log();
        backups_send(restore, &sealed, LIMIT_PIECE);
        use(mode);
        settled.count = 0;
        CHECK_EQ_INT(restore_apply(restore, NULL, 0, 0, NOW, &settled.ticket), -EINPROGRESS);
        loop_set_turn(loop, stop_halfway, NULL);
        CHECK_EQ_INT(loop_run(loop), 0);
        restore_free(restore);
        restore = NULL;
        use(AT_ONCE);
        CHECK(!file_is_there());
        check_log(&log);
        reopen();
        CHECK_EQ_INT(store_count(stores.store), MANY / 2);
        end();
    }
}

/* ---- memory ---------------------------------------------------------------------------------- */

TEST(full_arena_leaves_the_state_before)
{
    enum { BIG = 100000, BIGS = 30 };
    char key[32], *value = malloc(BIG);
    memset(value, 'v', BIG);
    for (enum mode mode = AT_ONCE; mode < MODES; mode++) {
        begin();
        put("a/old", "old", T0);
        for (unsigned i = 0; i < BIGS; i++) {
            snprintf(key, sizeof key, "b/w%u", i);
            CHECK_EQ_INT(stores_put(&stores, key, (struct span){value, BIG}, T0), 0);
        }
        backups_make(&stores, T0 + 1, &sealed);
        put("a/old", "newer", T0 + 2);
        for (unsigned i = 0; i < BIGS; i++) {
            snprintf(key, sizeof key, "b/w%u", i);
            CHECK_EQ_INT(stores_delete(&stores, key, T0 + 2), 0);
        }
        struct backups_text log = read_log();
        backups_send(restore, &sealed, LIMIT_PIECE);
        size_t taken = 0;
        void *filler[200];
        while (taken < 200 && (filler[taken] = arena_alloc(stores.arena, 65536)))
            taken++;
        for (unsigned i = 0; i < 24 && taken; i++)
            arena_free(stores.arena, filler[--taken]); /* room for some of them */
        uint64_t before = arenas_blocks(stores.arena);
        use(mode);
        CHECK_EQ_INT(apply(), -ENOSPC);
        CHECK_EQ_INT(arenas_blocks(stores.arena), before);
        check_log(&log);
        check_value("a/old", 2, "newer");
        CHECK_EQ_INT(store_count(stores.store), 1);
        CHECK(file_is_there());
        while (taken)
            arena_free(stores.arena, filler[--taken]);
        CHECK_EQ_INT(apply(), 0); /* the control, with the same file */
        use(AT_ONCE);
        CHECK_EQ_INT(store_count(stores.store), BIGS + 1);
        check_value("a/old", 3, "old");
        end();
    }
    free(value);
}

/* More keys than the table takes. */
TEST(full_table_leaves_the_state_before)
{
    uint64_t ticket;
    begin();
    fill();
    CHECK_EQ_INT(stores_delete(&stores, "a/later", NOW), 0);
    CHECK_EQ_INT(rewrite_begin(stores.store, NULL, NULL, NOW, &ticket), 0);
    max = 2;
    reopen();
    struct backups_text log = read_log();
    backups_send(restore, &sealed, LIMIT_PIECE);
    CHECK_EQ_INT(apply(), -ENOSPC);
    check_log(&log);
    max = 3;
    reopen();
    backups_send(restore, &sealed, LIMIT_PIECE);
    CHECK_EQ_INT(apply(), 0);
    check_value("a/gone", 3, "g3");
    end();
}

CHECK_MAIN
