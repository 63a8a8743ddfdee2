/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/keyring.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "crypto/age_whole.h"
#include "crypto/arena.h"
#include "protocol.h"
#include "store/rewrite.h"
#include "store/rootkey.h"
#include "store/store.h"

struct keyring {
    struct arena *arena;
    struct store *store;
    struct keyring_options options;
    struct rootkey *key;  /* in use; NULL while sealed */
    struct rootkey *next; /* while a rekey is under way */
};

struct keyring *keyring_new(struct arena *arena, struct store *store,
                            const struct keyring_options *options)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);
    if (keyring)
        *keyring = (struct keyring){.arena = arena, .store = store, .options = *options};
    return keyring;
}

/* ---- unsealing ----------------------------------------------------------------------------- */

static int load_with(struct keyring *keyring, struct rootkey *key, const struct load_options *load,
                     struct load_report *report, struct error *error)
{
    struct load_options options = *load;
    options.identities = rootkey_identities(key);
    options.count = rootkey_count(key);
    int r = load_log(keyring->store, &options, report, error);
    if (r < 0) {
        rootkey_free(key);
        return r;
    }
    /* After a crash in a rekey the file has two: the one that fits stays. */
    int had_more = rootkey_count(key) > 1;
    rootkey_settle(key, report->which);
    keyring->key = key;
    if (keyring->options.kind != KEYRING_FILE)
        return 0;
    rootkey_clean(keyring->options.dir, keyring->options.name);
    if (had_more) /* if it cannot be written now, on a full disk, it keeps both: both fit */
        rootkey_write(keyring->options.dir, keyring->options.name, keyring->arena, key, NULL);
    return 0;
}

static int make_file(struct keyring *keyring, struct rootkey **ret, struct error *error)
{
    const struct keyring_options *options = &keyring->options;
    if (load_has_log(keyring->options.dir))
        return error_set(error, -ENOENT,
                         PROTOCOL_STATE_LOG " is there but its key %s is not: put the key back, or "
                                            "restore a backup into an empty state directory",
                         options->name);
    *ret = rootkey_generate(keyring->arena);
    if (!*ret)
        return error_set(error, -ENOSPC, "there is no secret memory left for the root key");
    int r = rootkey_write(options->dir, options->name, keyring->arena, *ret, NULL);
    if (r < 0) {
        rootkey_free(*ret);
        return error_errno(error, r, "%s cannot be written", options->name);
    }
    return 0;
}

int keyring_start(struct keyring *keyring, const struct load_options *load,
                  struct load_report *report, struct error *error)
{
    const struct keyring_options *options = &keyring->options;
    struct rootkey *key = NULL;
    if (options->kind == KEYRING_MANUAL)
        return 0;
    int r;
    if (options->kind == KEYRING_GIVEN)
        r = rootkey_read_fd(keyring->arena, options->fd, options->what, &key, error);
    else if ((r = rootkey_read(keyring->arena, options->dir, options->name, &key, error)) ==
             -ENOENT)
        r = make_file(keyring, &key, error);
    return r < 0 ? r : load_with(keyring, key, load, report, error);
}

static int is_in_use(const struct keyring *keyring, const struct rootkey *key)
{
    const struct age_recipient *own = &rootkey_identities(keyring->key)->recipient;
    return memcmp(own, &rootkey_identities(key)->recipient, sizeof *own) == 0;
}

int keyring_unseal(struct keyring *keyring, struct rootkey *key, const struct load_options *load,
                   struct load_report *report, struct error *error)
{
    if (!keyring->key)
        return load_with(keyring, key, load, report, error);
    int same = is_in_use(keyring, key);
    rootkey_free(key);
    return same ? 0
                : error_set(error, -EEXIST,
                            "the store is not sealed, and this is another key; to change the root "
                            "key use rekey");
}

/* ---- changing the key ------------------------------------------------------------------------ */

static int has_file(const struct keyring *keyring)
{
    return keyring->options.kind == KEYRING_FILE;
}

/*
 * What came of the rewrite. If the file cannot be written now, it still has both: both fit. With
 * -ESTALE it must keep both: a restart may find the one log or the other.
 */
static void rekeyed(void *context, int result)
{
    struct keyring *keyring = context;
    struct rootkey *loser = result == 0 ? keyring->key : keyring->next;
    if (result == 0)
        keyring->key = keyring->next;
    keyring->next = NULL;
    rootkey_free(loser);
    if (has_file(keyring) && result != -ESTALE)
        rootkey_write(keyring->options.dir, keyring->options.name, keyring->arena, keyring->key,
                      NULL);
}

int keyring_rekey(struct keyring *keyring, struct rootkey *key, int64_t now_us, uint64_t *ticket)
{
    const struct keyring_options *options = &keyring->options;
    int r = 0;
    if (!keyring->key)
        r = -ENOKEY;
    else if (store_is_broken(keyring->store)) /* the file has both keys, and must keep them */
        r = -EIO;
    else if (keyring->next || rewrite_is_running(keyring->store))
        r = -EAGAIN;
    else if (!key && !has_file(keyring))
        r = -EINVAL;
    else if (!key && !(key = rootkey_generate(keyring->arena)))
        r = -ENOSPC;
    if (r == 0 && has_file(keyring))
        r = rootkey_write(options->dir, options->name, keyring->arena, key, keyring->key);
    if (r < 0) {
        rootkey_free(key);
        return r;
    }
    keyring->next = key;
    const struct rewrite_end end = {rekeyed, keyring};
    r = rewrite_begin(keyring->store, &rootkey_identities(key)->recipient, &end, now_us, ticket);
    if (r < 0 && r != -EINPROGRESS && keyring->next)
        rekeyed(keyring, r);
    return r;
}

/* ---- using it ------------------------------------------------------------------------------ */

const struct age_identity *keyring_identity(const struct keyring *keyring)
{
    return keyring->key ? rootkey_identities(keyring->key) : NULL;
}

const struct age_recipient *keyring_recipient(const struct keyring *keyring)
{
    return keyring->key ? &rootkey_identities(keyring->key)->recipient : NULL;
}

int keyring_open(const struct keyring *keyring, struct span sealed, char **ret, size_t *length,
                 char mark[AGE_MARK + 1], struct error *error)
{
    return age_whole_open(keyring->arena, sealed, keyring_identity(keyring), 1, ret, length, mark,
                          error);
}

void keyring_free(struct keyring *keyring)
{
    if (!keyring)
        return;
    rootkey_free(keyring->key);
    rootkey_free(keyring->next);
    free(keyring);
}
