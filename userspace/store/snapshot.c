/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "crypto/age_payload.h"
#include "crypto/arena.h"
#include "store/format.h"
#include "store/label.h"
#include "store/record.h"
#include "store/seal.h"
#include "store/store_state.h"

struct snapshot {
    struct arena *arena;
    struct journal_file *file;
    struct seal *seal;
    size_t count;
    struct store_row *rows; /* their keys are in `keys`: the store's own may go */
    struct journal_place *places;
    char *keys;
};

static size_t length_of_keys(const struct snapshot *snapshot)
{
    size_t length = 0;
    for (size_t i = 0; i < snapshot->count; i++)
        length += snapshot->rows[i].key.length;
    return length;
}

static int keep_keys(struct snapshot *snapshot, const struct store *store)
{
    size_t used = 0;
    snapshot->keys = malloc(length_of_keys(snapshot) + 1);
    snapshot->places = calloc(snapshot->count + 1, sizeof *snapshot->places);
    if (!snapshot->keys || !snapshot->places)
        return -ENOMEM;
    for (size_t i = 0; i < snapshot->count; i++) {
        struct span *key = &snapshot->rows[i].key;
        snapshot->places[i] = store_find(store, *key)->place;
        memcpy(snapshot->keys + used, key->data, key->length);
        key->data = snapshot->keys + used;
        used += key->length;
    }
    return 0;
}

int snapshot_new(struct store *store, struct snapshot **ret)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (!snapshot)
        return -ENOMEM;
    snapshot->arena = store->arena;
    snapshot->file = journal_file_ref(store->journal);
    snapshot->seal = seal_ref(store->seal);
    int r = store_list(store, &snapshot->rows, &snapshot->count);
    if (r == 0)
        r = keep_keys(snapshot, store);
    if (r < 0) {
        snapshot_free(snapshot);
        return r;
    }
    *ret = snapshot;
    return 0;
}

size_t snapshot_count(const struct snapshot *snapshot)
{
    return snapshot->count;
}

const struct store_row *snapshot_row(const struct snapshot *snapshot, size_t index)
{
    return &snapshot->rows[index];
}

/* A record without its value is made of known facts; in the rest each byte of it takes one or more.
 */
size_t snapshot_bound(const struct snapshot *snapshot, size_t index)
{
    const struct store_row *row = &snapshot->rows[index];
    const struct record bare = {.op = RECORD_PUT,
                                .sequence = 1,
                                .version = row->number,
                                .created_us = row->created_us,
                                .updated_us = row->updated_us,
                                .validity = row->validity,
                                .key = row->key,
                                .value = {"", 0}};
    const struct label label = record_label(&bare);
    char text[LABEL_TEXT];
    struct writer count = {0};
    size_t beside = FORMAT_FRAME + label_write(&label, text).length, length = 0;
    if (row->is_gone || snapshot->places[index].size < beside)
        return 0;
    record_write(&count, &bare);
    age_payload_plain(snapshot->places[index].size - beside, &length);
    return length > count.needed ? length - count.needed : 0;
}

int snapshot_read(const struct snapshot *snapshot, size_t index, int64_t now_us, struct record *ret)
{
    const struct store_row *row = &snapshot->rows[index];
    if (row->is_gone || validity_at(&row->validity, now_us) == VALIDITY_EXPIRED)
        return -ESTALE;
    int r = seal_read(snapshot->seal, snapshot->file, snapshot->places[index], ret);
    if (r == 0 && (!span_equal(ret->key, row->key) || ret->op != RECORD_PUT)) {
        record_done(snapshot->arena, ret);
        r = -EBADMSG;
    }
    return r;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    journal_file_unref(snapshot->file);
    seal_unref(snapshot->seal);
    free(snapshot->rows);
    free(snapshot->places);
    free(snapshot->keys);
    free(snapshot);
}
