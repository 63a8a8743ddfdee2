/* SPDX-License-Identifier: BSD-2-Clause */
/* An automatic backup: under its name there is a whole one or none, and never fewer than before. */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/worker.h"
#include "base/writer.h"
#include "daemon/auto_backup.h"
#include "tests/fault/fault.h"
#include "tests/fault/open_store.h"
#include "tests/unit/backups.h"

#define OLD "vsecm-2020-01-01T00:00:00.000000Z.age"
#define T0 INT64_C(1795551330123456)
#define VALUE (200u * 1024u)

static struct stores stores;
static struct backups_text sealed, plain;

/* The state directory is the one for backups too. */
static void open_all(int dir)
{
    open_store_in(dir);
    stores.arena = arenas_new(8 * ARENA_MIB);
    CHECK_EQ_INT(stores_open(&stores, 10, 10, T0), 0);
}

static void prepare(int dir)
{
    static char value[VALUE];
    open_all(dir);
    memset(value, 'v', VALUE);
    CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){value, VALUE}, T0), 0);
    CHECK_EQ_INT(stores_put(&stores, "a/b", (struct span){value, VALUE}, T0), 0);
    backups_make(&stores, T0, &sealed);
    scratch_bytes(OLD, sealed.data, sealed.length);
    stores_end(&stores);
}

/* ---- the daemon's part ----------------------------------------------------------------------- */

static struct loop *loop;
static struct worker *worker;
static struct auto_backup *backup;
static unsigned made, failures;

/* Each turn: is it over? */
static int on_turn(void *context)
{
    char text[128];
    struct writer w = writer_on(text, sizeof text - 1);
    auto_backup_write_status(&w, backup);
    text[w.used] = '\0';
    const char *numbers = strstr(text, "\"made\":");
    CHECK(context == NULL && numbers != NULL);
    CHECK(sscanf(numbers, "\"made\":%u,\"failures\":%u", &made, &failures) == 2);
    if (made + failures)
        loop_stop(loop);
    return 0;
}

/* So long that the next one is due in a few milliseconds. */
static uint64_t interval_ms(void)
{
    struct stat st;
    CHECK(stat(scratch_path(OLD), &st) == 0);
    return (uint64_t)(clock_wall_us() / 1000 - (int64_t)st.st_mtim.tv_sec * 1000) + 3;
}

static int run(void)
{
    struct error error = {""};
    int r = loop_new(&loop);
    if (r == 0)
        r = worker_new(loop, &worker);
    const struct auto_backup_options options = {.path = scratch_directory,
                                                .interval_ms = interval_ms(),
                                                .keep = 1,
                                                .loop = loop,
                                                .worker = worker,
                                                .store = stores.store,
                                                .keyring = stores.keyring};
    if (r == 0)
        r = auto_backup_new(&options, &backup, &error);
    if (r == 0) {
        loop_set_turn(loop, on_turn, NULL);
        r = loop_run(loop);
    }
    auto_backup_free(backup);
    worker_free(worker);
    loop_free(loop);
    return r == 0 && !made ? -EIO : r;
}

static int act(int dir)
{
    CHECK(freopen("/dev/null", "w", stderr) != NULL); /* it says what failed */
    open_store_in(dir);
    int r = open_store(&stores, 8 * ARENA_MIB, T0);
    if (r == 0)
        r = run();
    open_store_end(&stores);
    return r;
}

/* ---- what is there --------------------------------------------------------------------------- */

static int is_backup(const struct dirent *entry)
{
    return strncmp(entry->d_name, "vsecm-", 6) == 0;
}

static void check_whole(const char *name)
{
    char chunk[65536];
    size_t n;
    FILE *from = fopen(scratch_path(name), "r");
    CHECK(from != NULL);
    sealed.length = 0;
    while ((n = fread(chunk, 1, sizeof chunk, from)) > 0)
        backups_keep(&sealed, chunk, n);
    fclose(from);
    CHECK_EQ_INT(backups_open(keyring_identity(stores.keyring), &sealed, &plain), 0);
    CHECK(plain.length > 2 * VALUE && strcmp(plain.data + plain.length - 10, "{\"end\":2}\n") == 0);
}

static enum fault_state look(int dir)
{
    struct dirent **entries;
    int is_new = 0;
    open_all(dir);
    int count = scandir(scratch_directory, &entries, is_backup, alphasort);
    CHECK(count >= 1 && count <= 2);
    for (int i = 0; i < count; i++) {
        check_whole(entries[i]->d_name);
        is_new |= strcmp(entries[i]->d_name, OLD) != 0;
        free(entries[i]);
    }
    free(entries);
    stores_end(&stores);
    return is_new ? FAULT_AFTER : FAULT_BEFORE;
}

const struct fault_scenario fault_scenarios[] = {
    {"an automatic backup", prepare, act, look},
    {0},
};
