/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record log: an append-only file of sealed records behind a preface without which none can be
 * opened. To the log both are opaque bytes. docs/FORMAT.md has the layout and the reasoning.
 *
 * The promise: what was written and synced (journal_synced(); on memory: written) survives kill -9
 * at any instant, on a disk a power cut too. A tail that was not finished is cut. Damage in what
 * was durable is refused with its offset; nothing is guessed.
 *
 * A batch is the frames of one or more journal_write() up to one that ends it: after a crash all of
 * it is there or nothing. Everything runs in one thread, but for journal_sync() and
 * journal_publish(). Whoever opens a log holds its directory's lock (daemon/state.h).
 */
#ifndef VSECM_STORE_JOURNAL_H
#define VSECM_STORE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct error;

struct journal;

/* Its descriptor, counted: a snapshot can be read on after a rewrite replaced the log. */
struct journal_file;

/* Of a whole frame. */
struct journal_place {
    uint64_t offset;
    uint32_t size;
};

struct journal_frame {
    uint64_t sequence;
    struct span meta;
    struct span payload;
    struct journal_place place;
};

/* What journal_open() found. */
struct journal_report {
    uint64_t frames; /* records, in complete batches */
    uint64_t cut;    /* bytes of a torn tail that were cut */
    uint64_t damage; /* offset, when -EUCLEAN */
};

/* One record; the spans live during the call. What it returns, if not 0, ends journal_open(). */
typedef int journal_visit(void *context, const struct journal_frame *frame);

/* ---- life ------------------------------------------------------------------------------------ */

/*
 * A new log NAME (mode 0600; -EEXIST when there is one) in DIR that begins with PREFACE, at most
 * LIMIT_PREFACE bytes, copied. NAME is a temporary one: the log counts once journal_publish() gave
 * it its own, and what a crash left under the temporary one is the caller's to unlink. Until
 * journal_synced() is called for the first time the frames are written as those of a log that is
 * durable as a whole, for that is what they are when anybody can find them. 0, -EMSGSIZE, -ENOMEM
 * or another -errno with *error; then there is no file.
 */
int journal_create(int dir, const char *name, struct span preface, uint64_t next_sequence,
                   struct journal **ret, struct error *error);

/*
 * The preface alone. 0 with *ret (malloc'd, the caller's) and *length, or -errno with *error:
 * -ENOENT, -EUCLEAN, -EPROTONOSUPPORT.
 */
int journal_read_preface(int dir, const char *name, char **ret, size_t *length,
                         struct error *error);

/*
 * Check the whole log, cut a torn tail, make the rest durable, then VISIT the records of complete
 * batches in order. Memory is bounded by the longest record. 0, or -errno with *error:
 * -ENOENT; -EUCLEAN, the head or what had been durable is damaged at report->damage; then the file
 * is as it was; -EPROTONOSUPPORT, another format version; or what VISIT returned (no *error).
 */
int journal_open(int dir, const char *name, journal_visit *visit, void *context,
                 struct journal_report *report, struct journal **ret, struct error *error);

/* What was reserved and not written is forgotten. NULL is fine. */
void journal_close(struct journal *journal);

/* ---- writing --------------------------------------------------------------------------------- */

/*
 * The sequence that the next reserved frame gets. Sequences only grow, also past a frame that was
 * dropped or undone; but what a torn tail held is unknown, so one may be given again after a crash:
 * nothing may rest on a sequence being used once.
 */
uint64_t journal_next_sequence(const struct journal *journal);

/*
 * Room for a frame behind what is reserved: META (at most LIMIT_META bytes) is copied, and the
 * caller fills *payload, PAYLOAD_LENGTH bytes on the heap, with sealed bytes before
 * journal_write(). *place is where the frame will be. 0, -EMSGSIZE above LIMIT_META or
 * LIMIT_RECORD, -ENOMEM.
 */
int journal_reserve(struct journal *journal, struct span meta, size_t payload_length,
                    unsigned char **payload, struct journal_place *place);

/* Forget what was reserved and not written. */
void journal_drop(struct journal *journal);

/*
 * Append what was reserved, up to LIMIT_TARGETS frames with one system call. ENDS: the batch is
 * complete with it. When it fails (-ENOSPC, -EIO, ...) the file is cut back to where the batch
 * began. When even that fails the journal is broken: every write is -EIO until it is opened anew.
 * -EINVAL: nothing was reserved, and nothing changes.
 */
int journal_write(struct journal *journal, int ends);

/* Cut back to where the batch under way began, and drop. 0, or -errno and the journal is broken. */
int journal_abandon(struct journal *journal);

/*
 * Cut back to the last durable end, and drop: after a sync that failed. Batches that nobody synced
 * yet go too. 0, or -errno and the journal is broken.
 */
int journal_undo(struct journal *journal);

/*
 * Append a frame that says that everything before it is durable and that has a copy of the preface.
 * It closes the window in which damage in the last batch looks like a torn tail: to be called when
 * idle and before an orderly stop. 0, also when the last frame is one already; -EBUSY while a batch
 * is under way or not everything is durable; else as journal_write().
 */
int journal_checkpoint(struct journal *journal, int64_t now_us);

/* ---- durability ------------------------------------------------------------------------------ */

/* Non-zero on tmpfs and ramfs: what is written needs no sync. */
int journal_is_memory(const struct journal *journal);

/* Where the last complete batch ends: note it, journal_sync(), and give it to journal_synced(). */
uint64_t journal_end(const struct journal *journal);

/* fdatasync(2). Blocks; touches the descriptor only, so it may run in a worker. 0 or -errno. */
int journal_sync(struct journal *journal);

/* Everything before END, which journal_end() gave, is durable. */
void journal_synced(struct journal *journal, uint64_t end);

/* ---- rewriting ------------------------------------------------------------------------------- */

/*
 * Append the frame at AT of another log with its sequence (greater than the last), meta and
 * payload, as a batch of its own. It is checked on the way. 0 with *place; -EUCLEAN when it is not
 * what was written; -EBUSY while a batch is under way; -EINVAL when the sequence is no greater;
 * else as journal_write().
 */
int journal_copy(struct journal *to, const struct journal_file *from, struct journal_place at,
                 struct journal_place *place);

/*
 * fsync, rename FROM to TO in DIR, fsync DIR: the blocking end of a rewrite. It may run in a
 * worker; nothing is written to JOURNAL meanwhile, and its last frame must be a checkpoint (else
 * -EINVAL). When it is 0: journal_synced(journal, journal_end(journal)). Any other -errno leaves TO
 * as it was, but for -ESTALE: the new log has the name, yet after a power cut the old one may have
 * it again, so that neither may be written to before one is opened anew (which syncs DIR again).
 */
int journal_publish(struct journal *journal, int dir, const char *from, const char *to);

/* ---- reading --------------------------------------------------------------------------------- */

/* A reference to the journal's file, which survives journal_close(). */
struct journal_file *journal_file_ref(struct journal *journal);

/* NULL is fine. */
void journal_file_unref(struct journal_file *file);

/*
 * A frame back: *ret (malloc'd, the caller's) holds it, and the spans of *frame point into it. 0,
 * -EUCLEAN when it is not what was written, -ENOMEM or another -errno.
 */
int journal_read(const struct journal_file *file, struct journal_place at, char **ret,
                 struct journal_frame *frame);

#endif
