/* SPDX-License-Identifier: BSD-2-Clause */
/* A store for tests, with a real log in the scratch directory. Nothing is done behind its back. */
#ifndef VSECM_TESTS_UNIT_STORES_H
#define VSECM_TESTS_UNIT_STORES_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "protocol.h"

#include "base/loop.h"
#include "base/worker.h"
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
    int dir; /* 0: the scratch directory is opened */
    enum keyring_kind kind;
    struct loop *loop; /* both NULL, or both there: stores_go_async() */
    struct worker *worker;
    unsigned refused; /* records that were left out at the last load */
    char reason[32];  /* of the last of them */
    char key[64];     /* and whose it claimed to be */
    struct load_report report;
    struct error error;
    unsigned settled; /* calls of store_options.settled, and what the last one said */
    uint64_t first, last;
    int result;
};

static inline void stores_on_refused(void *context, struct span key, const char *reason)
{
    struct stores *stores = context;
    stores->refused++;
    snprintf(stores->reason, sizeof stores->reason, "%s", reason);
    snprintf(stores->key, sizeof stores->key, "%.*s", (int)key.length, key.data);
}

static inline void stores_on_settled(void *context, uint64_t first, uint64_t last, int result)
{
    struct stores *stores = context;
    stores->settled++;
    stores->first = first;
    stores->last = last;
    stores->result = result;
    loop_stop(stores->loop);
}

static inline struct load_options stores_load(struct stores *stores, int64_t now_us)
{
    return (struct load_options){.now_us = now_us, .refused = stores_on_refused, .context = stores};
}

/* Open the log in the scratch directory, or make one, at NOW_US. */
static inline int stores_open(struct stores *stores, size_t max, unsigned versions, int64_t now_us)
{
    stores->error.text[0] = '\0';
    if (stores->dir <= 0)
        stores->dir = open(scratch_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    stores->refused = stores->settled = 0;
    json_use(stores->arena);
    const struct store_options options = {.arena = stores->arena,
                                          .max = max,
                                          .versions = versions,
                                          .dir = stores->dir,
                                          .loop = stores->loop,
                                          .worker = stores->worker,
                                          .settled = stores_on_settled,
                                          .context = stores};
    stores->store = store_new(&options);
    const struct keyring_options key = {
        .kind = stores->kind, .dir = stores->dir, .name = PROTOCOL_STATE_KEY};
    stores->keyring = keyring_new(stores->arena, stores->store, &key);
    if (!stores->store || !stores->keyring)
        return -ENOMEM;
    const struct load_options load = stores_load(stores, now_us);
    int r = keyring_start(stores->keyring, &load, &stores->report, &stores->error);
    if (r < 0)
        printf("# %s\n", stores->error.text);
    return r;
}

static inline void stores_close(struct stores *stores)
{
    keyring_free(stores->keyring);
    store_free(stores->store);
    close(stores->dir);
    stores->dir = 0;
    stores->keyring = NULL;
    stores->store = NULL;
}

/* As after the end of a daemon and the start of another, at NOW_US. */
static inline int stores_reopen(struct stores *stores, size_t max, unsigned versions,
                                int64_t now_us)
{
    stores_close(stores);
    return stores_open(stores, max, versions, now_us);
}

/* From the next stores_open() on with a loop and a worker, as the daemon has them. */
static inline void stores_go_async(struct stores *stores)
{
    CHECK_EQ_INT(loop_new(&stores->loop), 0);
    CHECK_EQ_INT(worker_new(stores->loop, &stores->worker), 0);
}

static inline void stores_end_async(struct stores *stores)
{
    worker_free(stores->worker);
    loop_free(stores->loop);
    stores->worker = NULL;
    stores->loop = NULL;
}

/* Turn the loop until something settles. */
static inline int stores_settle(struct stores *stores)
{
    unsigned before = stores->settled;
    CHECK_EQ_INT(loop_run(stores->loop), 0);
    CHECK_EQ_INT(stores->settled, before + 1);
    return stores->result;
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
