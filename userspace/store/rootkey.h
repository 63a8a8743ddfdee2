/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root key: the age identity that opens the log. Its file is one that age itself takes (`age
 * -d -i root.key`). While it is being changed the file has two, the new one first, so that whatever
 * a crash leaves of the log can be opened. All of it is in the arena.
 */
#ifndef VSECM_STORE_ROOTKEY_H
#define VSECM_STORE_ROOTKEY_H

#include <stddef.h>

#include "base/span.h"
#include "crypto/age_key.h"

struct arena;
struct error;
struct rootkey;

#define ROOTKEY_NAME "root.key"
#define ROOTKEY_MAX 4u /* identities in one file: two during a change, and some room */

/* A new one. NULL: the arena is full. */
struct rootkey *rootkey_generate(struct arena *arena);

/* From the text of an identity file, or a bare identity. 0, -EINVAL with *error, or -ENOSPC. */
int rootkey_parse(struct arena *arena, struct span text, struct rootkey **ret, struct error *error);

/*
 * From the file NAME in DIR (AT_FDCWD: a path). It must be a regular file of root's or our own that
 * nobody else can read or write. 0, -ENOENT when there is none, or -errno, with *error.
 */
int rootkey_read(struct arena *arena, int dir, const char *name, struct rootkey **ret,
                 struct error *error);

/* From a descriptor, read to its end; it stays the caller's. */
int rootkey_read_fd(struct arena *arena, int fd, const char *what, struct rootkey **ret,
                    struct error *error);

/*
 * Write the file NAME in DIR, mode 0600, whole or not at all: KEY's first identity and, unless
 * NULL, OLD's first behind it. It is on the disk when this returns. 0 or -errno.
 */
int rootkey_write(int dir, const char *name, struct arena *arena, const struct rootkey *key,
                  const struct rootkey *old);

/* Remove what a rootkey_write() of NAME in DIR left that was killed. */
void rootkey_clean(int dir, const char *name);

const struct age_identity *rootkey_identities(const struct rootkey *key);
size_t rootkey_count(const struct rootkey *key);

/* Leave only identity number WHICH. */
void rootkey_settle(struct rootkey *key, size_t which);

/* Wipes. NULL is fine. */
void rootkey_free(struct rootkey *key);

#endif
