/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_whole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/arena.h"

/* Where bytes go that come piece by piece. */
struct room {
    char *data;
    size_t size, used;
};

static int take(void *context, const void *data, size_t length)
{
    struct room *room = context;
    if (length > room->size - room->used)
        return -EFBIG;
    memcpy(room->data + room->used, data, length);
    room->used += length;
    return 0;
}

/* ---- sealing ------------------------------------------------------------------------------- */

#define FRAME 80u /* the first and the last line of the armour, and their newlines */

static size_t size_for(size_t length, size_t count)
{
    size_t sealed = AGE_HEADER_SIZE(count) + age_payload_sealed(length);
    size_t lines = sealed / AGE_ARMOR_LINE + 1;
    return FRAME + lines * (AGE_ARMOR_COLUMNS + 1);
}

size_t age_whole_size(size_t length)
{
    return size_for(length, 1);
}

static int write_file(struct age_whole_seal *work, struct span header, struct span plain,
                      struct room *room)
{
    age_armor_writer_begin(&work->armor, take, room);
    int r = age_writer_begin(&work->writer, header, work->file_key, age_armor_writer_write,
                             &work->armor);
    if (r == 0)
        r = age_writer_write(&work->writer, plain.data, plain.length);
    if (r == 0)
        r = age_writer_end(&work->writer);
    return r < 0 ? r : age_armor_writer_end(&work->armor);
}

int age_whole_seal(struct age_whole_seal *work, struct span plain, const struct age_recipient *to,
                   char *ret, size_t *length)
{
    char header[AGE_HEADER_SIZE(1)];
    struct room room = {ret, age_whole_size(plain.length), 0};
    size_t size;
    age_header_new_key(work->file_key);
    int r = age_header_write(to, 1, work->file_key, header, sizeof header, &size);
    if (r == 0)
        r = write_file(work, (struct span){header, size}, plain, &room);
    arena_wipe(work, sizeof *work);
    *length = room.used;
    return r;
}

int age_whole_make(struct arena *arena, struct span plain, const struct age_recipient *to,
                   size_t count, char **ret, size_t *length)
{
    struct age_whole_seal *work = arena_alloc(arena, sizeof *work);
    size_t head = AGE_HEADER_SIZE(count);
    struct room room = {NULL, size_for(plain.length, count), 0};
    char *header = malloc(head);
    room.data = malloc(room.size + 1);
    int r = !work ? -ENOSPC : !header || !room.data ? -ENOMEM : 0;
    if (r < 0)
        goto out;
    age_header_new_key(work->file_key);
    r = age_header_write(to, count, work->file_key, header, head, &head);
    if (r == 0)
        r = write_file(work, (struct span){header, head}, plain, &room);
    if (r < 0)
        goto out;
    room.data[room.used] = '\0';
    *ret = room.data;
    *length = room.used;
    room.data = NULL;
out:
    free(room.data);
    free(header);
    arena_free(arena, work);
    return r;
}

/* ---- opening ------------------------------------------------------------------------------- */

static int read_file(struct age_reader *reader, struct span sealed, const struct age_keys *keys,
                     struct room *room, struct error *error)
{
    age_reader_begin(reader, keys, take, room);
    int r = age_reader_write(reader, sealed.data, sealed.length, error);
    if (r == 0)
        r = age_reader_end(reader, error);
    age_reader_wipe(reader);
    return r;
}

int age_whole_open(struct arena *arena, struct span sealed, const struct age_identity *identities,
                   size_t count, char **ret, size_t *length, char mark[AGE_MARK + 1],
                   struct error *error)
{
    const struct age_keys keys = {.identities = identities, .count = count};
    /* What is sealed opens into no more than the file has. */
    struct room plain = {arena_alloc(arena, sealed.length + 1), sealed.length + 1, 0};
    struct age_reader *reader = arena_alloc(arena, sizeof *reader);
    int r = plain.data && reader ? read_file(reader, sealed, &keys, &plain, error) : -ENOSPC;
    if (r == 0 && mark)
        memcpy(mark, reader->mark, sizeof reader->mark);
    arena_free(arena, reader);
    if (r < 0) {
        arena_free(arena, plain.data);
        return r;
    }
    *ret = plain.data;
    *length = plain.used;
    return 0;
}
