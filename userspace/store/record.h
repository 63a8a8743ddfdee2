/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a record says: one version of one secret, or that one expired or was deleted. A record has
 * two texts. The payload is JSON and is sealed; it is also a line of a backup. The label stands
 * beside it in clear (store/label.h); what is in the payload must say the same. docs/FORMAT.md has
 * both.
 */
#ifndef VSECM_STORE_RECORD_H
#define VSECM_STORE_RECORD_H

#include <stdint.h>

#include "base/span.h"
#include "limits.h"
#include "store/label.h"
#include "store/validity.h"

struct arena;
struct cJSON;
struct error;
struct writer;

struct record {
    enum record_op op;
    uint64_t sequence; /* of its frame; 0 in a backup that people wrote */
    uint64_t version;
    int64_t created_us; /* when the key was first stored; UTC, microseconds since 1970 */
    int64_t updated_us; /* when this version was stored, or the key deleted */
    struct validity validity;
    struct span key;      /* namespace/workload, names checked; in key_text when it was read */
    struct span value;    /* RECORD_PUT: 1 to LIMIT_VALUE bytes; else empty */
    struct span template; /* what it is transformed by for its workload; empty: by none */
    struct span format;   /* "json", "yaml", "raw", or empty */
    int adopts; /* of a Kubernetes Secret: it may take over one that is there and not ours */

    /* Of a record that was read: what the spans point into. */
    char key_text[LIMIT_KEY + 1];
    struct cJSON *json; /* in the arena */
    char *decoded;      /* in the arena */
};

/* How every payload begins. */
#define RECORD_BEGINNING "{\"v\":1,\"op\":\""

/* The payload, one line without its newline. W is in the arena, or only counts. */
void record_write(struct writer *w, const struct record *record);

/*
 * Read a payload; all memory it takes is in ARENA, which cJSON must use (store/json.h). On 0 *ret
 * is to be given to record_done(). -EINVAL with *error, which names no part of the text, or
 * -ENOSPC.
 */
int record_read(struct span payload, struct arena *arena, struct record *ret, struct error *error);

/* Wipe and release what was read. */
void record_done(struct arena *arena, struct record *record);

/* What the label beside RECORD says. Its key is the record's. */
struct label record_label(const struct record *record);

/* Non-zero when what was sealed is what label and sequence claim. */
int record_matches(const struct record *sealed, const struct label *label, uint64_t sequence);

#endif
