/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the log to secrets that can be read. The log is checked whole; only the newest version of
 * each key is opened, so ten versions of each cost no more than one. What was sealed must say what
 * the label beside it claims: a record that was copied under another name, number or place in the
 * log is left out and told of, and the version before it stands.
 */
#ifndef VSECM_STORE_LOAD_H
#define VSECM_STORE_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "store/journal.h"

struct age_identity;
struct age_recipient;
struct error;
struct store;

struct load_options {
    const struct age_identity
        *identities; /* the root key; during a change of it also the old one */
    size_t count;
    int64_t now_us;
    /* A record of KEY was left out: REASON is one word, "forged-record". May be NULL. */
    void (*refused)(void *context, struct span key, const char *reason);
    void *context;
};

struct load_report {
    struct journal_report journal;
    size_t which;     /* the identity that opened the log */
    int is_new;       /* there was no log: one was made, for the first identity */
    uint64_t refused; /* records that were left out */
};

/* Non-zero when there is a log in directory DIR. */
int load_has_log(int dir);

/*
 * Open the log in the store's directory, or make one, and fill STORE, which must be sealed. 0, or
 * -ENOKEY (the log is sealed to another root key), -EUCLEAN (damaged), -ENOSPC (arena or table too
 * small for what is there), -errno; *error says what would be right. STORE stays sealed then.
 */
int load_log(struct store *store, const struct load_options *options, struct load_report *report,
             struct error *error);

#endif
