/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the root key comes from, and what is done with it: the store is unsealed with it at the
 * start or, in manual mode, when somebody brings it; sealed values are opened with it; and it is
 * changed so that a crash at any instant leaves a log and a key that fit.
 */
#ifndef VSECM_STORE_KEYRING_H
#define VSECM_STORE_KEYRING_H

#include <stdint.h>

#include "base/span.h"
#include "crypto/age_header.h"
#include "store/load.h"

struct age_identity;
struct age_recipient;
struct arena;
struct error;
struct keyring;
struct rootkey;
struct store;

enum keyring_kind {
    KEYRING_FILE,   /* a file that is ours: made when there is none, rewritten by a rekey */
    KEYRING_GIVEN,  /* from a descriptor or a credential: somebody else keeps it */
    KEYRING_MANUAL, /* brought by an administrator, in the arena only */
};

struct keyring_options {
    enum keyring_kind kind;
    int dir;          /* KEYRING_FILE: the directory of the file */
    const char *name; /* KEYRING_FILE: its name; outlives the keyring */
    int fd;           /* KEYRING_GIVEN */
    const char *what; /* KEYRING_GIVEN: what the descriptor is, for errors */
};

/* An empty one for STORE, which outlives it. NULL: out of memory. */
struct keyring *keyring_new(struct arena *arena, struct store *store,
                            const struct keyring_options *options);

/*
 * Get the key and open the log with it. In manual mode nothing happens: the store stays sealed.
 * Otherwise as load_log(); also -ENOENT: there is a log but no key file.
 */
int keyring_start(struct keyring *keyring, const struct load_options *load,
                  struct load_report *report, struct error *error);

/*
 * Open the sealed store with KEY, which is the keyring's from now on whatever happens. 0, also when
 * it is open already and KEY is the one; -EEXIST: it is open, KEY is another; else as load_log().
 */
int keyring_unseal(struct keyring *keyring, struct rootkey *key, const struct load_options *load,
                   struct load_report *report, struct error *error);

/*
 * Change the root key to KEY (the keyring's from now on), or to a new one with KEY NULL, which only
 * KEYRING_FILE can keep: else -EINVAL. As rewrite_begin().
 */
int keyring_rekey(struct keyring *keyring, struct rootkey *key, int64_t now_us, uint64_t *ticket);

/* The public half of the key in use, or NULL while sealed. */
const struct age_recipient *keyring_recipient(const struct keyring *keyring);

/* Its identity, or NULL while sealed. */
const struct age_identity *keyring_identity(const struct keyring *keyring);

/*
 * Open SEALED, a whole age file, armoured or not, with the key in use: *ret of *length bytes in the
 * arena, to be arena_free()d, and the MARK in its header. -EINVAL or -EBADMSG, -ENOKEY (sealed to
 * others) with *error, -ENOSPC.
 */
int keyring_open(const struct keyring *keyring, struct span sealed, char **ret, size_t *length,
                 char mark[AGE_MARK + 1], struct error *error);

/* Wipes. NULL is fine. */
void keyring_free(struct keyring *keyring);

#endif
