/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole age files, fed in pieces whose sizes the input chooses; and the input as plaintext, sealed,
 * opened, and refused once a byte of it has changed. The first byte chooses the pieces. */
#include <errno.h>
#include <sodium/utils.h>

#include "base/error.h"
#include "crypto/age.h"
#include "crypto/age_key.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/age_files.h"

#define MOST (1u << 17)

static struct age_identity identity;
static struct age_reader reader;
static struct age_writer writer;

struct memory {
    uint8_t data[MOST];
    size_t used;
};

static struct memory sealed, opened;

static int keep(void *context, const void *data, size_t length)
{
    struct memory *to = context;
    MUST(length > 0 && length <= sizeof to->data - to->used);
    memcpy(to->data + to->used, data, length);
    to->used += length;
    return 0;
}

/* Read a file in pieces that grow from STEP on. */
static int read_file(const uint8_t *data, size_t size, size_t step)
{
    const struct age_keys keys = {.identities = &identity, .count = 1};
    struct error error = {""};
    int r = 0;
    opened.used = 0;
    age_reader_begin(&reader, &keys, keep, &opened);
    for (size_t piece = step; size && !r; piece += step) {
        size_t length = piece < size ? piece : size;
        r = age_reader_write(&reader, data, length, &error);
        data += length;
        size -= length;
    }
    int end = age_reader_end(&reader, &error);
    MUST(!r || end == r);
    MUST((end < 0) == (error.text[0] != '\0'));
    MUST(sodium_is_zero(reader.chunk, sizeof reader.chunk));
    return end;
}

static void write_file(const uint8_t *data, size_t size, size_t step, int is_armored)
{
    static struct age_armor_writer armor;
    unsigned char key[AGE_FILE_KEY];
    char header[AGE_HEADER_SIZE(1)];
    size_t length = 0;
    sealed.used = 0;
    age_header_new_key(key);
    MUST(age_header_write(&identity.recipient, 1, key, header, sizeof header, &length) == 0);
    age_armor_writer_begin(&armor, keep, &sealed);
    MUST(age_writer_begin(&writer, (struct span){header, length}, key,
                          is_armored ? age_armor_writer_write : keep,
                          is_armored ? (void *)&armor : &sealed) == 0);
    for (size_t at = 0; at < size; at += step)
        MUST(age_writer_write(&writer, data + at, size - at < step ? size - at : step) == 0);
    MUST(age_writer_end(&writer) == 0);
    MUST(!is_armored || age_armor_writer_end(&armor) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (sodium_is_zero(identity.scalar, sizeof identity.scalar))
        MUST(age_key_read_identity(span_of(AGE_FILES_IDENTITY), &identity) == 0);
    if (!size)
        return 0;
    const size_t step = 1 + data[0] % 64u, where = data[0];
    data++;
    size--;
    static uint8_t first[MOST];
    int r = read_file(data, size, step);
    size_t length = opened.used;
    memcpy(first, opened.data, length);
    MUST(read_file(data, size, size + 1) == r && opened.used == length);
    MUST(memcmp(opened.data, first, length) == 0);

    write_file(data, size, step, where & 1);
    MUST(read_file(sealed.data, sealed.used, step) == 0 && opened.used == size);
    MUST(memcmp(opened.data, data, size) == 0);
    sealed.data[where * sealed.used / 256] ^= 1;
    MUST(read_file(sealed.data, sealed.used, step) < 0 && opened.used == 0);
    return 0;
}
