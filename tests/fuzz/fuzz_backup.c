/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A backup that somebody else made. The first byte chooses: any bytes as the lines of one, read
 * whole and in pieces, with the same result; those lines, sealed, restored; or any bytes as the
 * sealed file. What was refused changed nothing, what was restored is backed up again and the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "crypto/age.h"
#include "crypto/age_key.h"
#include "crypto/arena.h"
#include "protocol.h"
#include "store/backup.h"
#include "store/backup_lines.h"
#include "store/json.h"
#include "store/keyring.h"
#include "store/load.h"
#include "store/record.h"
#include "store/restore.h"
#include "store/store.h"
#include "tests/fuzz/fuzz.h"

#define ARENA (16u << 20)
#define MOST (1u << 20)
#define NOW INT64_C(1795551330123456)

static char directory[] = "/dev/shm/vsecm-fuzz.XXXXXX";
static int dir = -1;
static struct arena *arena;

struct memory {
    uint8_t data[MOST];
    size_t used;
};

static struct memory sealed, plain;

static void clean_up(void)
{
    unlinkat(dir, PROTOCOL_STATE_LOG, 0);
    unlinkat(dir, PROTOCOL_STATE_KEY, 0);
    unlinkat(dir, PROTOCOL_STATE_RESTORE, 0);
    rmdir(directory);
}

static void begin(void)
{
    struct error error = {""};
    if (dir >= 0)
        return;
    MUST(mkdtemp(directory) != NULL);
    dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    MUST(dir >= 0);
    MUST(arena_new(ARENA, ARENA_MLOCK, &arena, &error) == 0);
    json_use(arena);
    atexit(clean_up);
}

static uint64_t blocks(void)
{
    struct arena_stats stats;
    arena_read_stats(arena, &stats);
    return stats.blocks;
}

static int keep(void *context, const void *data, size_t length)
{
    struct memory *to = context;
    MUST(length <= sizeof to->data - to->used);
    memcpy(to->data + to->used, data, length);
    to->used += length;
    return 0;
}

/* ---- lines ----------------------------------------------------------------------------------- */

struct count {
    unsigned records;
    size_t bytes;
};

static int take(void *context, const struct record *record)
{
    struct count *count = context;
    MUST(record->op != RECORD_DELETE && record->version > 0 && record->key.length > 2);
    MUST((record->op == RECORD_PUT) == (record->value.length > 0));
    count->records++;
    count->bytes += record->value.length;
    return 0;
}

static int read_lines(const uint8_t *data, size_t size, size_t piece, struct count *ret)
{
    struct error error = {""};
    struct backup_lines *lines = backup_lines_new(arena, take, ret, &error);
    int r = 0;
    MUST(lines != NULL);
    for (size_t at = 0; at < size && r == 0; at += piece)
        r = backup_lines_write(lines, data + at, size - at < piece ? size - at : piece);
    if (r == 0)
        r = backup_lines_end(lines);
    backup_lines_free(lines);
    MUST(blocks() == 0);
    MUST(r == 0 || r == -EINVAL);
    MUST((r < 0) == (error.text[0] != '\0'));
    return r;
}

/* ---- a store --------------------------------------------------------------------------------- */

static struct store *store;
static struct keyring *keyring;

/* Empty; its key stays from run to run, so that a corpus may hold files for it. */
static void open_store(void)
{
    static const char key[] =
        "AGE-SECRET-KEY-1LA7Q8ZC7D5F2UFAJNYGC5HR8UHYET9EJRWEFSZ84MU2SVKNPQN3SSKR6AU\n";
    struct load_report report;
    struct error error = {""};
    unlinkat(dir, PROTOCOL_STATE_LOG, 0);
    int fd = openat(dir, PROTOCOL_STATE_KEY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    MUST(fd >= 0 && write(fd, key, sizeof key - 1) == (ssize_t)sizeof key - 1);
    close(fd);
    const struct store_options options = {.arena = arena, .max = 100, .versions = 3, .dir = dir};
    store = store_new(&options);
    const struct keyring_options kept = {
        .kind = KEYRING_FILE, .dir = dir, .name = PROTOCOL_STATE_KEY};
    keyring = keyring_new(arena, store, &kept);
    const struct load_options load = {.now_us = NOW};
    MUST(store && keyring && keyring_start(keyring, &load, &report, &error) == 0);
}

static void close_store(void)
{
    keyring_free(keyring);
    store_free(store);
    MUST(blocks() == 0);
}

static void seal(const uint8_t *data, size_t size)
{
    static struct age_writer writer;
    unsigned char key[AGE_FILE_KEY];
    char header[AGE_HEADER_SIZE(1)];
    size_t length;
    sealed.used = 0;
    age_header_new_key(key);
    MUST(age_header_write(keyring_recipient(keyring), 1, key, header, sizeof header, &length) == 0);
    MUST(age_writer_begin(&writer, (struct span){header, length}, key, keep, &sealed) == 0);
    MUST(age_writer_write(&writer, data, size) == 0);
    MUST(age_writer_end(&writer) == 0);
}

static int restore_file(const uint8_t *data, size_t size, int is_trial)
{
    const struct restore_row *rows;
    const struct error *error;
    uint64_t total, ticket;
    size_t count, half = size / 2;
    struct store_stats before, after;
    struct restore *restore = restore_new(store, keyring);
    store_read_stats(store, &before);
    uint64_t used = blocks();
    MUST(restore != NULL);
    MUST(restore_receive(restore, 0, (struct span){(const char *)data, half}, &total) == 0);
    MUST(restore_receive(restore, half, (struct span){(const char *)data + half, size - half},
                         &total) == 0);
    int r = restore_apply(restore, NULL, 0, is_trial, NOW, &ticket);
    restore_result(restore, &rows, &count, &error);
    MUST(r == 0 || r == -EINVAL || r == -ENOSPC);
    MUST(r != -EINVAL || error->text[0]);
    store_read_stats(store, &after);
    if (r < 0 || is_trial) {
        MUST(after.bytes == before.bytes && after.secrets == before.secrets);
        MUST(after.records == before.records && blocks() == used);
    } else {
        MUST(after.secrets >= before.secrets && after.secrets <= before.secrets + count);
    }
    restore_free(restore);
    return r;
}

/* A backup of what is there now, in SEALED. */
static void back_up(void)
{
    struct backup *backup;
    struct span piece;
    sealed.used = 0;
    MUST(backup_new(store, keyring_recipient(keyring), 1, NOW, &backup) == 0);
    do {
        MUST(backup_next(backup, &piece) == 0);
        if (piece.length)
            keep(&sealed, piece.data, piece.length);
    } while (piece.length);
    MUST(sealed.used == backup_size(backup));
    backup_free(backup);
}

/* What came in goes out, into another store, and is the same there. */
static void there_and_back(void)
{
    struct store_stats here, there;
    back_up();
    store_read_stats(store, &here);
    close_store();
    open_store();
    MUST(restore_file(sealed.data, sealed.used, 0) == 0);
    store_read_stats(store, &there);
    MUST(here.secrets == there.secrets && here.records == there.records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct count whole = {0, 0}, cut = {0, 0};
    begin();
    if (size < 2)
        return 0;
    size_t kind = data[0] % 3, piece = 1 + data[1] % 100u;
    data += 2;
    size -= 2;
    if (kind == 0) {
        int r = read_lines(data, size, size + 1, &whole);
        MUST(read_lines(data, size, piece, &cut) == r);
        MUST(whole.records == cut.records && whole.bytes == cut.bytes);
        return 0;
    }
    open_store();
    if (kind == 1) {
        seal(data, size);
        memcpy(plain.data, sealed.data, sealed.used);
        plain.used = sealed.used;
    } else {
        plain.used = 0;
        keep(&plain, data, size);
    }
    int tried = restore_file(plain.data, plain.used, 1);
    int r = restore_file(plain.data, plain.used, 0);
    MUST(tried == r || (tried == 0 && r == -ENOSPC));
    if (r == 0) {
        MUST(restore_file(plain.data, plain.used, 0) == 0);
        there_and_back();
    }
    close_store();
    return 0;
}
