/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_text.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/age.h"
#include "crypto/age_armor.h"
#include "crypto/arena.h"

/* ---- sealing ----------------------------------------------------------------------------------
 */

/* What the file needs while it is made. It holds plaintext. */
struct work {
    unsigned char file_key[AGE_FILE_KEY];
    struct age_writer writer;
    struct age_armor_writer armor;
};

static int take_sealed(void *context, const void *data, size_t length)
{
    struct writer *w = context;
    writer_bytes(w, data, length);
    return writer_ok(w) ? 0 : -ENOSPC;
}

static int seal(struct work *work, struct span header, struct span plain, struct writer *out)
{
    age_armor_writer_begin(&work->armor, take_sealed, out);
    int r = age_writer_begin(&work->writer, header, work->file_key, age_armor_writer_write,
                             &work->armor);
    if (r == 0)
        r = age_writer_write(&work->writer, plain.data, plain.length);
    if (r == 0)
        r = age_writer_end(&work->writer);
    return r == 0 ? age_armor_writer_end(&work->armor) : r;
}

/* Bytes of the armour of LENGTH bytes: its lines, each with its newline, and those around them. */
static size_t armored(size_t length)
{
    return (length / AGE_ARMOR_LINE + 1) * (AGE_ARMOR_COLUMNS + 1) + 128;
}

int age_text_seal(struct arena *arena, const struct age_recipient *to, size_t count,
                  struct span plain, char **ret, size_t *length)
{
    size_t head = AGE_HEADER_SIZE(count), size = armored(head + age_payload_sealed(plain.length));
    struct work *work = arena_alloc(arena, sizeof *work);
    char *header = malloc(head), *text = malloc(size);
    int r = !work ? -ENOSPC : !header || !text ? -ENOMEM : 0;
    if (r < 0)
        goto out;
    struct writer out = writer_on(text, size - 1);
    age_header_new_key(work->file_key);
    r = age_header_write(to, count, work->file_key, header, head, &head);
    if (r == 0)
        r = seal(work, (struct span){header, head}, plain, &out);
    if (r < 0)
        goto out;
    text[out.used] = '\0';
    *ret = text;
    *length = out.used;
    text = NULL;
out:
    free(text);
    free(header);
    arena_free(arena, work);
    return r;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static int take_plain(void *context, const void *data, size_t length)
{
    writer_bytes(context, data, length);
    return writer_ok(context) ? 0 : -EFBIG;
}

static int read_all(struct age_reader *reader, const struct age_keys *keys, struct span sealed,
                    struct writer *plain, struct error *error)
{
    age_reader_begin(reader, keys, take_plain, plain);
    int r = age_reader_write(reader, sealed.data, sealed.length, error);
    if (r == 0)
        r = age_reader_end(reader, error);
    age_reader_wipe(reader);
    return r;
}

int age_text_open(struct arena *arena, const struct age_identity *identities, size_t count,
                  struct span sealed, char **ret, size_t *length, char mark[AGE_MARK + 1],
                  struct error *error)
{
    const struct age_keys keys = {.identities = identities, .count = count};
    /* What is opened is never longer than the file was. */
    char *text = arena_alloc(arena, sealed.length + 1);
    struct age_reader *reader = arena_alloc(arena, sizeof *reader);
    struct writer plain = writer_on(text, sealed.length);
    int r = text && reader ? read_all(reader, &keys, sealed, &plain, error)
                           : error_set(error, -ENOSPC, "there is no secret memory left");
    if (r == 0)
        memcpy(mark, reader->mark, sizeof reader->mark);
    arena_free(arena, reader);
    if (r < 0) {
        arena_free(arena, text);
        return r;
    }
    *ret = text;
    *length = plain.used;
    return 0;
}
