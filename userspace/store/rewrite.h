/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing the log anew, with what is needed of it: to be rid of what is not (compaction), or to
 * seal all of it with a fresh key for another root key (rekey). The new log is made under another
 * name and takes the old one's place whole, so that a crash leaves the one or the other. It is done
 * in slices, between which readers are served; changes wait.
 */
#ifndef VSECM_STORE_REWRITE_H
#define VSECM_STORE_REWRITE_H

#include <stdint.h>

struct age_recipient;
struct store;

/* Non-zero when more of the log is waste than is needed, and it is worth the work. */
int rewrite_is_due(const struct store *store, int64_t now_us);

/* Called once with what came of a rewrite, before anybody else is told. */
struct rewrite_end {
    void (*call)(void *context, int result);
    void *context;
};

/*
 * Begin a compaction at NOW_US, or with TO a rekey for its owner. -EINPROGRESS: it goes on by
 * itself once the changes under way have settled, *ticket names it, store_options.settled will
 * tell; without a loop it is over at once: 0. -EAGAIN: another rewrite is under way. Else -errno;
 * the log is as it was, but for -ESTALE: then it is not known which of both a power cut leaves, and
 * nothing is changed any more. END (NULL: nobody) is called before a ticket is settled, and before
 * this returns what came of it at once; not for -ENOKEY, -EIO, -EAGAIN, -ENOMEM.
 */
int rewrite_begin(struct store *store, const struct age_recipient *to,
                  const struct rewrite_end *end, int64_t now_us, uint64_t *ticket);

/* Non-zero while one is under way: changes get -EAGAIN. */
int rewrite_is_running(const struct store *store);

/* Give up one that is under way; the log stays as it was. Not while a worker is at it. */
void rewrite_cancel(struct store *store);

#endif
