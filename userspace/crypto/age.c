/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age.h"

#include <assert.h>
#include <errno.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>
#include <string.h>

#include "base/error.h"
#include "limits.h"

/* ---- writing --------------------------------------------------------------------------------- */

static int give(struct age_writer *writer, const void *data, size_t length)
{
    writer->failed = writer->sink(writer->context, data, length);
    return writer->failed;
}

int age_writer_begin(struct age_writer *writer, struct span header,
                     const unsigned char file_key[AGE_FILE_KEY], age_sink *sink, void *context)
{
    unsigned char nonce[AGE_PAYLOAD_NONCE];
    writer->sink = sink;
    writer->context = context;
    writer->used = 0;
    randombytes_buf(nonce, sizeof nonce);
    age_payload_begin(&writer->payload, file_key, nonce);
    int r = give(writer, header.data, header.length);
    return r ? r : give(writer, nonce, sizeof nonce);
}

static int put_chunk(struct age_writer *writer, bool is_last)
{
    age_payload_seal_chunk(&writer->payload, writer->chunk, writer->used, is_last, writer->chunk);
    size_t length = writer->used + AGE_PAYLOAD_TAG;
    writer->used = 0;
    return give(writer, writer->chunk, length);
}

int age_writer_write(struct age_writer *writer, const void *data, size_t length)
{
    const unsigned char *from = data;
    while (length && !writer->failed) {
        /* A full chunk waits: it may be the last. */
        if (writer->used == AGE_PAYLOAD_CHUNK && put_chunk(writer, false))
            break;
        size_t room = AGE_PAYLOAD_CHUNK - writer->used, taken = length < room ? length : room;
        memcpy(writer->chunk + writer->used, from, taken);
        writer->used += taken;
        from += taken;
        length -= taken;
    }
    return writer->failed;
}

int age_writer_end(struct age_writer *writer)
{
    int r = writer->failed ? writer->failed : put_chunk(writer, true);
    age_writer_wipe(writer);
    return r;
}

void age_writer_wipe(struct age_writer *writer)
{
    if (!writer)
        return;
    age_payload_wipe(&writer->payload);
    sodium_memzero(writer->chunk, sizeof writer->chunk);
    writer->used = 0;
}

/* ---- reading --------------------------------------------------------------------------------- */

static_assert(LIMIT_AGE_HEADER <= AGE_PAYLOAD_SEALED_CHUNK, "a header where a chunk will be");

enum { NOTHING, HEADER, NONCE, CHUNKS };

void age_reader_begin(struct age_reader *reader, const struct age_keys *keys, age_sink *sink,
                      void *context)
{
    reader->keys = *keys;
    reader->sink = sink;
    reader->context = context;
    reader->state = NOTHING;
    reader->failed = 0;
    reader->is_armored = false;
    reader->used = reader->line = 0;
    reader->mark[0] = '\0';
    reader->payload.next = 0;
}

static int open_header(struct age_reader *reader, struct span header)
{
    struct age_keys *keys = &reader->keys;
    bool needs = age_header_wants_passphrase(header);
    if (needs && !keys->passphrase.length && keys->ask) {
        int r = keys->ask(keys->context, &keys->passphrase, reader->error);
        if (r < 0)
            return r;
    }
    unsigned char *file_key =
        reader->payload.key; /* where secrets may be; it moves on from there */
    if (needs && keys->passphrase.length)
        return age_header_open_passphrase(header, keys->passphrase, LIMIT_AGE_SCRYPT_READ, file_key,
                                          reader->error);
    return age_header_open(header, keys->identities, keys->count, file_key, reader->error);
}

/* The header's lines up to here: is it all of it? Only its last line can be the end. */
static int look_at_header(struct age_reader *reader)
{
    size_t length = 0;
    struct span header = {(const char *)reader->chunk, reader->used};
    bool is_first = reader->line == 0;
    bool is_last =
        reader->used - reader->line > 3 && memcmp(reader->chunk + reader->line, "---", 3) == 0;
    int r = is_first || is_last ? age_header_measure(header, &length, reader->error) : -EAGAIN;
    if (!r)
        r = open_header(reader, header);
    if (!r)
        age_header_read_mark(header, reader->mark);
    if (r == -EAGAIN && reader->used == LIMIT_AGE_HEADER)
        r = error_set(reader->error, -EMSGSIZE, "the header is longer than %u bytes",
                      LIMIT_AGE_HEADER);
    if (!r) {
        reader->state = NONCE;
        reader->used = 0;
    }
    return r == -EAGAIN ? 0 : r;
}

/* Take up to LENGTH bytes into the chunk until it has SIZE; how many. */
static size_t fill(struct age_reader *reader, const unsigned char *from, size_t length, size_t size)
{
    size_t room = size - reader->used, taken = length < room ? length : room;
    memcpy(reader->chunk + reader->used, from, taken);
    reader->used += taken;
    return taken;
}

/* One line of the header at most, so that the payload behind it is left alone. */
static size_t take_header(struct age_reader *reader, const unsigned char *from, size_t length)
{
    const unsigned char *end = memchr(from, '\n', length);
    size_t taken = fill(reader, from, end ? (size_t)(end - from) + 1 : length, LIMIT_AGE_HEADER);
    bool is_whole = reader->chunk[reader->used - 1] == '\n';
    if (is_whole || reader->line == 0 || reader->used == LIMIT_AGE_HEADER)
        reader->failed = look_at_header(reader);
    if (is_whole)
        reader->line = reader->used;
    return taken;
}

static size_t take_nonce(struct age_reader *reader, const unsigned char *from, size_t length)
{
    size_t taken = fill(reader, from, length, AGE_PAYLOAD_NONCE);
    if (reader->used < AGE_PAYLOAD_NONCE)
        return taken;
    unsigned char file_key[AGE_FILE_KEY];
    memcpy(file_key, reader->payload.key, sizeof file_key);
    age_payload_begin(&reader->payload, file_key, reader->chunk);
    sodium_memzero(file_key, sizeof file_key);
    reader->state = CHUNKS;
    reader->used = 0;
    return taken;
}

static int take_chunk(struct age_reader *reader, bool is_last)
{
    size_t sealed = reader->used;
    reader->used = 0;
    if (age_payload_open_chunk(&reader->payload, reader->chunk, sealed, is_last, reader->chunk))
        return error_set(reader->error, -EBADMSG,
                         is_last ? "its end was changed or cut off" : "it was changed");
    size_t length = sealed - AGE_PAYLOAD_TAG;
    return length ? reader->sink(reader->context, reader->chunk, length) : 0;
}

static size_t take_sealed(struct age_reader *reader, const unsigned char *from, size_t length)
{
    /* A full chunk waits: it may be the last. */
    if (reader->used == AGE_PAYLOAD_SEALED_CHUNK)
        reader->failed = take_chunk(reader, false);
    return reader->failed ? 0 : fill(reader, from, length, AGE_PAYLOAD_SEALED_CHUNK);
}

/* The bytes of the file without its armour. An age_sink. */
static int take(void *context, const void *data, size_t length)
{
    struct age_reader *reader = context;
    const unsigned char *from = data;
    while (length && !reader->failed) {
        size_t taken = reader->state == HEADER  ? take_header(reader, from, length)
                       : reader->state == NONCE ? take_nonce(reader, from, length)
                                                : take_sealed(reader, from, length);
        from += taken;
        length -= taken;
    }
    return reader->failed;
}

static void begin(struct age_reader *reader, unsigned char first)
{
    reader->is_armored = age_armor_begins_with(first);
    if (reader->is_armored)
        age_armor_reader_begin(&reader->armor, take, reader);
    reader->state = HEADER;
}

int age_reader_write(struct age_reader *reader, const void *data, size_t length,
                     struct error *error)
{
    if (!length || reader->failed)
        return reader->failed;
    reader->error = error;
    if (reader->state == NOTHING)
        begin(reader, *(const unsigned char *)data);
    reader->failed = reader->is_armored
                         ? age_armor_reader_write(&reader->armor, data, length, error)
                         : take(reader, data, length);
    if (reader->failed)
        age_reader_wipe(reader);
    return reader->failed;
}

static int finish(struct age_reader *reader, struct error *error)
{
    if (reader->failed)
        return reader->failed;
    if (reader->state == NOTHING)
        return error_set(error, -EINVAL, "it is empty, and no age file");
    int r = reader->is_armored ? age_armor_reader_end(&reader->armor, error) : 0;
    if (!r && (reader->state != CHUNKS || reader->used < AGE_PAYLOAD_TAG))
        r = error_set(error, -EINVAL, "it is cut short");
    return r ? r : take_chunk(reader, true);
}

int age_reader_end(struct age_reader *reader, struct error *error)
{
    reader->error = error;
    reader->failed = finish(reader, error);
    int r = reader->failed;
    age_reader_wipe(reader);
    return r;
}

void age_reader_wipe(struct age_reader *reader)
{
    if (!reader)
        return;
    age_payload_wipe(&reader->payload);
    sodium_memzero(reader->chunk, sizeof reader->chunk);
    reader->used = 0;
}
