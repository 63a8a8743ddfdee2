/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age.h"

#include <errno.h>
#include <sodium/utils.h>

#include "base/error.h"
#include "crypto/age_key.h"
#include "limits.h"
#include "tests/unit/age_files.h"
#include "tests/unit/check.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CHUNK ((size_t)AGE_PAYLOAD_CHUNK)
#define MOST (3 * CHUNK)

struct memory {
    unsigned char data[2 * MOST];
    size_t used;
    int says; /* what the sink returns */
};

static struct error why;
static struct memory file, got;
static unsigned char plain[MOST];
static struct age_identity mine;
static struct age_keys keys;
static struct age_reader reader;
static struct age_writer writer;
static unsigned asked;

static void begin(void)
{
    for (size_t i = 0; i < MOST; i++)
        plain[i] = (unsigned char)(i * 7 + i / CHUNK);
    CHECK_EQ_INT(age_key_read_identity(span_of(AGE_FILES_IDENTITY), &mine), 0);
    keys = (struct age_keys){.identities = &mine, .count = 1};
    file.says = got.says = 0;
    asked = 0;
}

static int keep(void *context, const void *data, size_t length)
{
    struct memory *to = context;
    CHECK(length > 0 && to->used + length <= sizeof to->data);
    memcpy(to->data + to->used, data, length);
    to->used += length;
    return to->says;
}

static void check_wiped(void)
{
    CHECK(sodium_is_zero(reader.chunk, sizeof reader.chunk));
    CHECK(sodium_is_zero(reader.payload.key, sizeof reader.payload.key));
}

/* Read in pieces of PIECE bytes; what came out is in `got`. */
static int read_file(const void *data, size_t length, size_t piece)
{
    int r = 0;
    got.used = 0;
    why.text[0] = '\0';
    memset(&reader, 0xaa, sizeof reader);
    age_reader_begin(&reader, &keys, keep, &got);
    for (size_t at = 0; at < length && !r; at += piece)
        r = age_reader_write(&reader, (const char *)data + at,
                             length - at < piece ? length - at : piece, &why);
    int end = age_reader_end(&reader, &why);
    CHECK(!r || end == r);
    CHECK(got.says || (end < 0) == (why.text[0] != '\0'));
    check_wiped();
    return end;
}

/* Write LENGTH bytes of `plain` to `file`, in pieces of PIECE bytes. */
static void write_file(size_t length, size_t piece, bool armoured)
{
    static struct age_armor_writer armor;
    unsigned char key[AGE_FILE_KEY];
    char header[AGE_HEADER_SIZE(1)];
    size_t size = 0;
    age_header_new_key(key);
    CHECK_EQ_INT(age_header_write(&mine.recipient, 1, key, header, sizeof header, &size), 0);
    file.used = 0;
    age_armor_writer_begin(&armor, keep, &file);
    CHECK_EQ_INT(age_writer_begin(&writer, (struct span){header, size}, key,
                                  armoured ? age_armor_writer_write : keep,
                                  armoured ? (void *)&armor : &file),
                 0);
    for (size_t at = 0; at < length; at += piece)
        CHECK_EQ_INT(
            age_writer_write(&writer, plain + at, length - at < piece ? length - at : piece), 0);
    CHECK_EQ_INT(age_writer_end(&writer), 0);
    CHECK(sodium_is_zero(writer.chunk, sizeof writer.chunk));
    CHECK(sodium_is_zero((unsigned char *)&writer.payload, sizeof writer.payload));
    if (armoured)
        CHECK_EQ_INT(age_armor_writer_end(&armor), 0);
}

static void check_got(const void *data, size_t length)
{
    CHECK_EQ_INT(got.used, length);
    CHECK_MEM(got.data, data, length);
}

/* ---- what age wrote -------------------------------------------------------------------------- */

TEST(files_that_age_wrote)
{
    static const char binary[] = AGE_FILES_HEADER AGE_FILES_PAYLOAD;
    begin();
    for (size_t piece = 1; piece < sizeof binary; piece += 13) {
        CHECK_EQ_INT(read_file(binary, sizeof binary - 1, piece), 0);
        check_got(AGE_FILES_PLAIN, strlen(AGE_FILES_PLAIN));
        CHECK_EQ_INT(read_file(AGE_FILES_ARMOURED, strlen(AGE_FILES_ARMOURED), piece), 0);
        check_got(AGE_FILES_PLAIN, strlen(AGE_FILES_PLAIN));
    }
}

static int answer(void *context, struct span *ret, struct error *error)
{
    asked++;
    *ret = span_of(context ? context : "");
    return context ? 0 : error_set(error, -ECANCELED, "nobody is there");
}

TEST(passphrase_is_given_or_asked_for)
{
    static const char theirs[] = AGE_FILES_SCRYPT;
    begin();
    CHECK_EQ_INT(read_file(theirs, sizeof theirs - 1, 100), -ENOKEY);
    keys.passphrase = span_of(AGE_FILES_PASSPHRASE);
    CHECK_EQ_INT(read_file(theirs, sizeof theirs - 1, 100), 0);
    check_got(AGE_FILES_SCRYPT_PLAIN, strlen(AGE_FILES_SCRYPT_PLAIN));
    keys = (struct age_keys){.ask = answer, .context = (void *)AGE_FILES_PASSPHRASE};
    CHECK_EQ_INT(read_file(theirs, sizeof theirs - 1, 1), 0);
    check_got(AGE_FILES_SCRYPT_PLAIN, strlen(AGE_FILES_SCRYPT_PLAIN));
    CHECK_EQ_INT(asked, 1);
    keys.context = (void *)"another";
    CHECK_EQ_INT(read_file(theirs, sizeof theirs - 1, 100), -ENOKEY);
    keys.context = NULL;
    CHECK_EQ_INT(read_file(theirs, sizeof theirs - 1, 100), -ECANCELED);
    CHECK_EQ_INT(got.used, 0);
    asked = 0;
    keys.identities = &mine;
    keys.count = 1;
    CHECK_EQ_INT(read_file(AGE_FILES_ARMOURED, strlen(AGE_FILES_ARMOURED), 100), 0);
    CHECK_EQ_INT(asked, 0);
}

/* ---- round trips ----------------------------------------------------------------------------- */

TEST(sizes_around_chunks)
{
    static const size_t lengths[] = {0,         1,         CHUNK - 1,     CHUNK,
                                     CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, MOST};
    static const size_t pieces[] = {977, CHUNK, CHUNK + 16, MOST};
    begin();
    for (size_t i = 0; i < COUNT(lengths); i++)
        for (size_t k = 0; k < COUNT(pieces); k++)
            for (int armoured = 0; armoured < 2; armoured++) {
                write_file(lengths[i], pieces[k], armoured);
                if (!armoured)
                    CHECK_EQ_INT(file.used, AGE_HEADER_SIZE(1) + age_payload_sealed(lengths[i]));
                CHECK_EQ_INT(read_file(file.data, file.used, pieces[COUNT(pieces) - 1 - k]), 0);
                check_got(plain, lengths[i]);
            }
}

/* ---- what was changed ------------------------------------------------------------------------ */

TEST(each_flipped_bit_of_a_small_file_is_refused)
{
    begin();
    for (int armoured = 0; armoured < 2; armoured++) {
        write_file(20, 20, armoured);
        for (size_t i = 0; i < 8 * file.used; i++) {
            file.data[i / 8] ^= (unsigned char)(1 << i % 8);
            if (!read_file(file.data, file.used, file.used))
                check_fail(__FILE__, __LINE__, "bit %zu of byte %zu", i % 8, i / 8);
            CHECK_EQ_INT(got.used, 0);
            file.data[i / 8] ^= (unsigned char)(1 << i % 8);
        }
        CHECK_EQ_INT(read_file(file.data, file.used, 7), 0);
    }
}

TEST(each_cut_and_each_byte_more_is_refused)
{
    begin();
    for (int armoured = 0; armoured < 2; armoured++) {
        write_file(20, 20, armoured);
        /* An armour's last newline is no part of it. */
        for (size_t length = 0; length < file.used - (size_t)armoured; length++) {
            CHECK(read_file(file.data, length, file.used) < 0);
            CHECK_EQ_INT(got.used, 0);
        }
        CHECK_EQ_INT(read_file(file.data, file.used - (size_t)armoured, 7), armoured ? 0 : 0);
        file.data[file.used] = 'x';
        CHECK(read_file(file.data, file.used + 1, 7) < 0);
    }
}

/* What was given out before the damage was found is whole chunks of the real text. */
TEST(only_verified_chunks_are_given_out)
{
    const size_t header = AGE_HEADER_SIZE(1) + AGE_PAYLOAD_NONCE;
    begin();
    write_file(MOST, MOST, false);
    for (size_t chunk = 0; chunk < 3; chunk++) {
        size_t at = header + chunk * (CHUNK + 16) + 5;
        file.data[at] ^= 1;
        CHECK_EQ_INT(read_file(file.data, file.used, 10000), -EBADMSG);
        check_got(plain, chunk * CHUNK);
        file.data[at] ^= 1;
    }
    for (size_t chunks = 0; chunks < 3; chunks++) { /* cut between two chunks */
        int r = read_file(file.data, header + chunks * (CHUNK + 16), 10000);
        CHECK_EQ_INT(r, chunks ? -EBADMSG : -EINVAL);
        check_got(plain, chunks ? (chunks - 1) * CHUNK : 0);
    }
    CHECK_EQ_INT(read_file(file.data, file.used, 10000), 0);
}

TEST(what_is_no_age_file)
{
    static char garbage[2 * LIMIT_AGE_HEADER];
    begin();
    CHECK_EQ_INT(read_file("", 0, 1), -EINVAL);
    CHECK_EQ_INT(read_file("hello, world\n", 13, 1), -EINVAL);
    CHECK_EQ_INT(read_file("\x7f"
                           "ELF",
                           4, 4),
                 -EINVAL);
    memset(garbage, 'a', sizeof garbage);
    CHECK_EQ_INT(read_file(garbage, sizeof garbage, 1000), -EINVAL);
    memcpy(garbage, "age-encryption.org/v1\n-> ", 25);
    CHECK_EQ_INT(read_file(garbage, sizeof garbage, 1000), -EMSGSIZE);
    CHECK_EQ_INT(read_file(garbage, sizeof garbage, sizeof garbage), -EMSGSIZE);
    CHECK_EQ_INT(read_file(garbage, LIMIT_AGE_HEADER - 1, 1000), -EINVAL);
    age_key_generate(&mine);
    CHECK_EQ_INT(read_file(AGE_FILES_ARMOURED, strlen(AGE_FILES_ARMOURED), 50), -ENOKEY);
    CHECK_EQ_INT(got.used, 0);
}

TEST(what_the_sink_says_ends_the_work)
{
    unsigned char key[AGE_FILE_KEY] = {0};
    begin();
    write_file(MOST, MOST, false);
    got.says = -ENOSPC;
    CHECK_EQ_INT(read_file(file.data, file.used, 10000), -ENOSPC);
    CHECK_EQ_INT(got.used, CHUNK);
    CHECK_EQ_INT(read_file(file.data, AGE_HEADER_SIZE(1) + age_payload_sealed(MOST), MOST * 2),
                 -ENOSPC);
    CHECK_EQ_INT(got.used, CHUNK);

    file.used = 0;
    CHECK_EQ_INT(age_writer_begin(&writer, span_of("x"), key, keep, &file), 0);
    file.says = -EPIPE;
    CHECK_EQ_INT(age_writer_write(&writer, plain, CHUNK), 0);
    CHECK_EQ_INT(age_writer_write(&writer, plain, 1), -EPIPE);
    size_t used = file.used;
    CHECK_EQ_INT(age_writer_write(&writer, plain, MOST), -EPIPE);
    CHECK_EQ_INT(age_writer_end(&writer), -EPIPE);
    CHECK_EQ_INT(file.used, used);
    age_writer_wipe(&writer);
    age_writer_wipe(NULL);
    age_reader_wipe(NULL);
}

CHECK_MAIN
