/* SPDX-License-Identifier: BSD-2-Clause */
/* A store for tests, with a real log in the scratch directory. Nothing is done behind its back. */
#ifndef VSECM_TESTS_UNIT_STORES_H
#define VSECM_TESTS_UNIT_STORES_H

#include <fcntl.h>
#include <unistd.h>

#include "protocol.h"

#include "store/change.h"
#include "store/json.h"
#include "store/keyring.h"
#include "store/load.h"
#include "store/store.h"
#include "tests/unit/arenas.h"
#include "tests/unit/scratch.h"

struct stores {
    struct arena *arena;
    struct store *store;
    struct keyring *keyring;
    int dir;
    unsigned refused; /* records that were left out at the last load */
    char reason[32];  /* of the last of them */
};

static inline void stores_on_refused(void *context, struct span key, const char *reason)
{
    struct stores *stores = context;
    (void)key;
    stores->refused++;
    snprintf(stores->reason, sizeof stores->reason, "%s", reason);
}

/* Open the log in the scratch directory, or make one, at NOW_US. */
static inline int stores_open(struct stores *stores, size_t max, unsigned versions, int64_t now_us)
{
    struct error error = {""};
    struct load_report report;
    stores->dir = open(scratch_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    stores->refused = 0;
    json_use(stores->arena);
    const struct store_options options = {
        .arena = stores->arena, .max = max, .versions = versions, .dir = stores->dir};
    stores->store = store_new(&options);
    const struct keyring_options key = {
        .kind = KEYRING_FILE, .dir = stores->dir, .name = PROTOCOL_STATE_KEY};
    stores->keyring = keyring_new(stores->arena, stores->store, &key);
    const struct load_options load = {
        .now_us = now_us, .refused = stores_on_refused, .context = stores};
    int r = keyring_start(stores->keyring, &load, &report, &error);
    if (r < 0)
        printf("# %s\n", error.text);
    return r;
}

static inline void stores_close(struct stores *stores)
{
    keyring_free(stores->keyring);
    store_free(stores->store);
    close(stores->dir);
    stores->keyring = NULL;
    stores->store = NULL;
}

/* A new arena of SIZE, a new scratch directory, a new log. */
static inline void stores_begin(struct stores *stores, size_t size, size_t max, unsigned versions)
{
    stores->arena = arenas_new(size);
    scratch_new();
    CHECK_EQ_INT(stores_open(stores, max, versions, 1), 0);
}

static inline void stores_end(struct stores *stores)
{
    stores_close(stores);
    json_use(NULL);
    arenas_done(stores->arena);
}

static inline int stores_put(struct stores *stores, const char *key, struct span value,
                             int64_t now_us)
{
    struct span name = span_of(key);
    struct change_conflict conflict;
    uint64_t ticket;
    const struct change_put put = {
        .value = value, .validity = VALIDITY_ALWAYS, .if_version = CHANGE_ANY_VERSION};
    return change_put(stores->store, &name, 1, &put, now_us, &ticket, &conflict);
}

static inline int stores_delete(struct stores *stores, const char *key, int64_t now_us)
{
    struct span name = span_of(key);
    uint64_t ticket;
    return change_delete(stores->store, &name, 1, now_us, &ticket);
}

#endif
