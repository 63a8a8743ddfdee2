/* SPDX-License-Identifier: BSD-2-Clause */
/* A version of a secret as it lies in the cluster: its record as an armoured age file. */
#ifndef VSECM_CLUSTER_SEALED_RECORD_H
#define VSECM_CLUSTER_SEALED_RECORD_H

#include <stddef.h>

#include "base/span.h"

struct age_identity;
struct age_recipient;
struct arena;
struct record;

/*
 * RECORD, whose sequence is 0, sealed to TO in *ret: malloc'd, the caller's, *length bytes.
 * -ENOSPC (arena), -ENOMEM, or -EINVAL: nothing can be sealed to TO.
 */
int sealed_record_write(struct arena *arena, const struct record *record,
                        const struct age_recipient *to, char **ret, size_t *length);

/*
 * What was sealed, opened with one of COUNT identities. On 0 *ret is to be given to record_done().
 * -ENOKEY: it is for none of them; -EBADMSG: it is no sealed version of a secret, or damaged;
 * -ENOSPC.
 */
int sealed_record_read(struct arena *arena, struct span sealed,
                       const struct age_identity *identities, size_t count, struct record *ret);

#endif
