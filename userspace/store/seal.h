/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key that seals the records of one log. It is the file key of an age file whose header is the
 * log's preface and whose payload is each record in turn: preface and one sealed record together
 * are an age file that stock age opens. So a record costs no public-key cryptography, and a log
 * opens with the root key alone.
 */
#ifndef VSECM_STORE_SEAL_H
#define VSECM_STORE_SEAL_H

#include <stddef.h>

#include "base/span.h"
#include "crypto/age_key.h"
#include "store/journal.h"

struct arena;
struct error;
struct record;
struct seal;

/* A fresh key for the owner of TO. 0 with *ret the caller's, -ENOSPC (arena) or -ENOMEM. */
int seal_new(struct arena *arena, const struct age_recipient *to, struct seal **ret);

/*
 * The key of a log whose preface is PREFACE, opened with one of COUNT identities; *which = the one
 * that it opens with. 0, -ENOKEY when it is sealed to none of them, -EINVAL or -EBADMSG with
 * *error, -ENOSPC, -ENOMEM.
 */
int seal_open(struct arena *arena, struct span preface, const struct age_identity *identities,
              size_t count, size_t *which, struct seal **ret, struct error *error);

/* One more holder. Everything about a seal lives until its last holder lets go. */
struct seal *seal_ref(struct seal *seal);
void seal_unref(struct seal *seal); /* NULL is fine; the last one wipes */

struct span seal_preface(const struct seal *seal);
const struct age_recipient *seal_recipient(const struct seal *seal);

/*
 * Seal RECORD into a frame of JOURNAL's batch; its sequence is set to the frame's. 0 with *place,
 * or -ENOSPC when the arena has no room for its text, -ENOMEM.
 */
int seal_record(struct seal *seal, struct record *record, struct journal *journal,
                struct journal_place *place);

/*
 * Open FRAME and make sure that it says what its label and sequence claim. On 0 *ret is to be given
 * to record_done(). -EBADMSG: it is forged, or was moved here from elsewhere; -ENOSPC.
 */
int seal_open_record(struct seal *seal, const struct journal_frame *frame, struct record *ret);

/* As seal_open_record(), for the frame at PLACE of FILE. */
int seal_read(struct seal *seal, const struct journal_file *file, struct journal_place place,
              struct record *ret);

/* The payload of FRAME as it is, in the arena: *ret of *length bytes, to be arena_free()d. */
int seal_open_payload(struct seal *seal, const struct journal_frame *frame, char **ret,
                      size_t *length);

#endif
