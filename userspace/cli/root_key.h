/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root key as people keep it: an age identity (age-encryption.org/v1) on a line of its own, in
 * a file of age-keygen with its comments, or with its recipient and an AES key in hexadecimal on
 * lines of their own, as VMware Secrets Manager keeps it.
 */
#ifndef VSECM_CLI_ROOT_KEY_H
#define VSECM_CLI_ROOT_KEY_H

#include "base/span.h"
#include "cli/value.h"
#include "cli/verb.h"

struct arguments;
struct error;
struct exchange_answer;
struct writer;

/* Secret. The spans are of `text`. */
struct root_key {
    struct value text;
    struct span identity;
    struct span recipient; /* as it was written down; length 0: it was not */
    struct span aes;       /* likewise */
};

/*
 * Find the parts of a root key in TEXT, which becomes *RET's on success. 0, or -EINVAL with *error
 * saying what is wrong, and in which line, but nothing of the text: no key, more than one, a
 * mistyped one, a recipient of another key, anything else.
 */
int root_key_find(const struct value *text, struct root_key *ret, struct error *error);

/*
 * Read it from the file that ARGUMENTS name, from standard input, or from the terminal without
 * echo. Returns 0 with *ret to be cleared, or -errno with *error set.
 */
int root_key_read(const struct arguments *arguments, struct root_key *ret, struct error *error);

/* Write `"ageSecretKey":"..."` and what else there is, the way the daemon takes it. */
void root_key_json(const struct root_key *key, struct writer *writer);

/* Give it to the daemon, which opens its store with it. As call_admin(). */
enum verb_exit root_key_bring(const struct arguments *arguments, const struct root_key *key,
                              struct exchange_answer *ret);

/* Wipe and release. A cleared one is fine. */
void root_key_clear(struct root_key *key);

#endif
