/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/seal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/age_header.h"
#include "crypto/age_payload.h"
#include "crypto/arena.h"
#include "crypto/random.h"
#include "limits.h"
#include "store/record.h"

struct seal {
    unsigned references;
    struct arena *arena;
    unsigned char *file_key; /* in the arena */
    struct age_recipient recipient;
    size_t preface_length;
    char preface[LIMIT_PREFACE];
};

static struct seal *make(struct arena *arena)
{
    struct seal *seal = calloc(1, sizeof *seal);
    if (!seal)
        return NULL;
    *seal = (struct seal){.references = 1, .arena = arena};
    seal->file_key = arena_alloc(arena, AGE_FILE_KEY);
    if (!seal->file_key) {
        free(seal);
        return NULL;
    }
    return seal;
}

int seal_new(struct arena *arena, const struct age_recipient *to, struct seal **ret)
{
    struct seal *seal = make(arena);
    if (!seal)
        return -ENOSPC;
    random_bytes(seal->file_key, AGE_FILE_KEY);
    seal->recipient = *to;
    int r = age_header_write(to, 1, seal->file_key, seal->preface, sizeof seal->preface,
                             &seal->preface_length);
    if (r < 0) {
        seal_unref(seal);
        return r;
    }
    *ret = seal;
    return 0;
}

int seal_open(struct arena *arena, struct span preface, const struct age_identity *identities,
              size_t count, size_t *which, struct seal **ret, struct error *error)
{
    if (preface.length > LIMIT_PREFACE)
        return error_set(error, -EINVAL, "the log's preface is longer than %u bytes",
                         LIMIT_PREFACE);
    struct seal *seal = make(arena);
    if (!seal)
        return error_set(error, -ENOSPC, "there is no secret memory left for the log's key");
    int r = -ENOKEY;
    for (size_t i = 0; i < count && r == -ENOKEY; i++) {
        r = age_header_open(preface, &identities[i], 1, seal->file_key, error);
        if (r == 0) {
            *which = i;
            seal->recipient = identities[i].recipient;
        }
    }
    if (r < 0) {
        seal_unref(seal);
        return r;
    }
    memcpy(seal->preface, preface.data, preface.length);
    seal->preface_length = preface.length;
    *ret = seal;
    return 0;
}

struct seal *seal_ref(struct seal *seal)
{
    seal->references++;
    return seal;
}

void seal_unref(struct seal *seal)
{
    if (!seal || --seal->references)
        return;
    arena_free(seal->arena, seal->file_key);
    free(seal);
}

struct span seal_preface(const struct seal *seal)
{
    return (struct span){seal->preface, seal->preface_length};
}

const struct age_recipient *seal_recipient(const struct seal *seal)
{
    return &seal->recipient;
}

int seal_record(struct seal *seal, struct record *record, struct journal *journal,
                struct journal_place *place)
{
    record->sequence = journal_next_sequence(journal);
    struct writer count = {0};
    record_write(&count, record);
    char *plain = arena_alloc(seal->arena, count.needed);
    if (!plain)
        return -ENOSPC;
    struct writer w = writer_on(plain, count.needed);
    record_write(&w, record);

    char text[LABEL_TEXT];
    struct label label = record_label(record);
    unsigned char *sealed;
    int r = journal_reserve(journal, label_write(&label, text), age_payload_sealed(w.used), &sealed,
                            place);
    if (r == 0)
        age_payload_seal(seal->file_key, plain, w.used, sealed);
    arena_free(seal->arena, plain);
    return r;
}

int seal_open_payload(struct seal *seal, const struct journal_frame *frame, char **ret,
                      size_t *length)
{
    if (age_payload_plain(frame->payload.length, length) < 0 || *length == 0)
        return -EBADMSG;
    *ret = arena_alloc(seal->arena, *length);
    if (!*ret)
        return -ENOSPC;
    int r = age_payload_open(seal->file_key, (const unsigned char *)frame->payload.data,
                             frame->payload.length, *ret);
    if (r < 0) {
        arena_free(seal->arena, *ret);
        *ret = NULL;
        return -EBADMSG;
    }
    return 0;
}

int seal_open_record(struct seal *seal, const struct journal_frame *frame, struct record *ret)
{
    struct label label;
    char *plain;
    size_t length;
    if (label_read(frame->meta, &label) < 0)
        return -EBADMSG;
    int r = seal_open_payload(seal, frame, &plain, &length);
    if (r < 0)
        return r;
    r = record_read((struct span){plain, length}, seal->arena, ret, NULL);
    arena_free(seal->arena, plain);
    if (r == -EINVAL)
        return -EBADMSG;
    if (r == 0 && !record_matches(ret, &label, frame->sequence)) {
        record_done(seal->arena, ret);
        return -EBADMSG;
    }
    return r;
}

int seal_read(struct seal *seal, const struct journal_file *file, struct journal_place place,
              struct record *ret)
{
    char *data;
    struct journal_frame frame;
    int r = journal_read(file, place, &data, &frame);
    if (r < 0)
        return r == -EUCLEAN ? -EBADMSG : r;
    r = seal_open_record(seal, &frame, ret);
    free(data);
    return r;
}
