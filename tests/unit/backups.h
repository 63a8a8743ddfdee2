/* SPDX-License-Identifier: BSD-2-Clause */
/* Backups for tests: made by the store or by hand, opened, brought back. */
#ifndef VSECM_TESTS_UNIT_BACKUPS_H
#define VSECM_TESTS_UNIT_BACKUPS_H

#include "crypto/age.h"
#include "crypto/age_key.h"
#include "limits.h"
#include "store/backup.h"
#include "store/restore.h"
#include "tests/unit/stores.h"

/* Bytes on the heap; all zero is none. */
struct backups_text {
    char *data;
    size_t length, size;
};

static inline int backups_keep(void *context, const void *data, size_t length)
{
    struct backups_text *text = context;
    if (length > text->size - text->length) {
        text->size = 2 * text->size + length;
        text->data = realloc(text->data, text->size);
        CHECK(text->data != NULL);
    }
    memcpy(text->data + text->length, data, length);
    text->length += length;
    return 0;
}

static inline void backups_drop(struct backups_text *text)
{
    free(text->data);
    *text = (struct backups_text){NULL, 0, 0};
}

/* What is left of BACKUP, into SEALED; *pieces is how many it came in. */
static inline int backups_drain(struct backup *backup, struct backups_text *sealed,
                                unsigned *pieces)
{
    struct span piece = {NULL, 1};
    int r = 0;
    *pieces = 0;
    while (r == 0 && piece.length) {
        r = backup_next(backup, &piece);
        if (r == 0 && piece.length) {
            backups_keep(sealed, piece.data, piece.length);
            ++*pieces;
        }
    }
    return r;
}

/* A whole one of STORES, for its own key. */
static inline void backups_make(struct stores *stores, int64_t now_us, struct backups_text *sealed)
{
    struct backup *backup;
    unsigned pieces;
    sealed->length = 0;
    CHECK_EQ_INT(backup_new(stores->store, keyring_recipient(stores->keyring), 1, now_us, &backup),
                 0);
    CHECK_EQ_INT(backups_drain(backup, sealed, &pieces), 0);
    CHECK_EQ_INT(sealed->length, backup_size(backup));
    backup_free(backup);
}

/* What is inside of SEALED; -errno when IDENTITY does not open it. A NUL follows it. */
static inline int backups_open(const struct age_identity *identity,
                               const struct backups_text *sealed, struct backups_text *plain)
{
    const struct age_keys keys = {.identities = identity, .count = 1};
    struct age_reader *reader = malloc(sizeof *reader);
    struct error error = {""};
    CHECK(reader != NULL);
    plain->length = 0;
    age_reader_begin(reader, &keys, backups_keep, plain);
    int r = age_reader_write(reader, sealed->data, sealed->length, &error);
    if (r == 0)
        r = age_reader_end(reader, &error);
    age_reader_wipe(reader);
    free(reader);
    backups_keep(plain, "", 1);
    plain->length--;
    return r;
}

/* TEXT as an age file for STORES' own key. */
static inline void backups_seal(const struct stores *stores, struct span text,
                                struct backups_text *sealed)
{
    unsigned char key[AGE_FILE_KEY];
    char header[AGE_HEADER_SIZE(1)];
    size_t length;
    struct age_writer *writer = malloc(sizeof *writer);
    CHECK(writer != NULL);
    sealed->length = 0;
    age_header_new_key(key);
    CHECK_EQ_INT(age_header_write(keyring_recipient(stores->keyring), 1, key, header, sizeof header,
                                  &length),
                 0);
    CHECK_EQ_INT(age_writer_begin(writer, (struct span){header, length}, key, backups_keep, sealed),
                 0);
    CHECK_EQ_INT(age_writer_write(writer, text.data, text.length), 0);
    CHECK_EQ_INT(age_writer_end(writer), 0);
    free(writer);
}

/* All of TEXT, PIECE bytes at a time, so that it can be applied. */
static inline void backups_send(struct restore *restore, const struct backups_text *text,
                                size_t piece)
{
    uint64_t total = 0;
    size_t at = 0;
    do {
        size_t length = text->length - at < piece ? text->length - at : piece;
        CHECK_EQ_INT(restore_receive(restore, at, (struct span){text->data + at, length}, &total),
                     0);
        at += length;
        CHECK_EQ_INT(total, at);
    } while (at < text->length);
}

#endif
