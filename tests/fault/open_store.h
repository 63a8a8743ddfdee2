/* SPDX-License-Identifier: BSD-2-Clause */
/* A store that is opened while calls fail. */
#ifndef VSECM_TESTS_FAULT_OPEN_STORE_H
#define VSECM_TESTS_FAULT_OPEN_STORE_H

#include <errno.h>

#include "tests/unit/stores.h"

/* Let scratch_path() lead into DIR: each source file has a scratch directory of its own. */
static inline void open_store_in(int dir)
{
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
    ssize_t n = readlink(link, scratch_directory, sizeof scratch_directory - 1);
    CHECK(n > 0);
    scratch_directory[n] = '\0';
}

/* As stores_open(), with an arena of SIZE; 0 or -errno, and open_store_end() either way. */
static inline int open_store(struct stores *stores, size_t size, int64_t now_us)
{
    struct load_report report;
    struct error error = {""};
    *stores = (struct stores){.dir = -1};
    int r = arena_new(size, ARENA_MLOCK, &stores->arena, &error);
    if (r < 0)
        return r;
    json_use(stores->arena);
    stores->dir = open(scratch_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (stores->dir < 0)
        return -errno;
    const struct store_options options = {
        .arena = stores->arena, .max = 10, .versions = 10, .dir = stores->dir};
    stores->store = store_new(&options);
    const struct keyring_options key = {
        .kind = KEYRING_FILE, .dir = stores->dir, .name = PROTOCOL_STATE_KEY};
    if (stores->store)
        stores->keyring = keyring_new(stores->arena, stores->store, &key);
    if (!stores->keyring)
        return -ENOMEM;
    const struct load_options load = {.now_us = now_us};
    return keyring_start(stores->keyring, &load, &report, &error);
}

static inline void open_store_end(struct stores *stores)
{
    keyring_free(stores->keyring);
    store_free(stores->store);
    if (stores->dir >= 0)
        close(stores->dir);
    json_use(NULL);
    if (stores->arena)
        arenas_done(stores->arena);
}

#endif
