/* SPDX-License-Identifier: BSD-2-Clause */
/* Age files sealed anew, and what their beginnings say. */
#include "tests/unit/age_files.h"
#include "tests/unit/check.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/front.h"
#include "cli/reseal.h"
#include "crypto/age_key.h"

#include <errno.h>

#define BINARY AGE_FILES_HEADER AGE_FILES_PAYLOAD
#define ROOM 300000u

static struct error why;
static struct reseal reseal;

struct kept {
    char data[ROOM];
    size_t length;
    size_t calls;
    size_t refuse; /* this call, from 1; 0: none */
};

static struct kept first, second;

/* An age_sink. */
static int keep(void *context, const void *data, size_t length)
{
    struct kept *kept = context;
    CHECK(length <= sizeof kept->data - kept->length);
    if (++kept->calls == kept->refuse)
        return error_set(&why, -EPIPE, "refused");
    memcpy(kept->data + kept->length, data, length);
    kept->length += length;
    return 0;
}

static struct age_keys keys_of(const struct age_identity *identity)
{
    return (struct age_keys){.identities = identity, .count = 1};
}

static void open_into(struct kept *plain, const struct kept *sealed, const struct age_keys *keys)
{
    static struct age_reader reader;
    memset(plain, 0, sizeof *plain);
    age_reader_begin(&reader, keys, keep, plain);
    CHECK_EQ_INT(age_reader_write(&reader, sealed->data, sealed->length, &why), 0);
    CHECK_EQ_INT(age_reader_end(&reader, &why), 0);
}

/* Seal TEXT anew for IDENTITY, in pieces of STEP bytes, into `first`. */
static int reseal_text(const char *text, size_t length, size_t step, const struct age_keys *keys)
{
    memset(&first, 0, sizeof first);
    why.text[0] = '\0';
    reseal_begin(&reseal, keys, keep, &first);
    for (size_t at = 0; at < length; at += step) {
        int r = reseal_write(&reseal, text + at, length - at < step ? length - at : step, &why);
        if (r)
            return r;
    }
    return reseal_end(&reseal, &why);
}

static struct age_identity old_identity(void)
{
    struct age_identity identity;
    CHECK_EQ_INT(age_key_read_identity(SPAN_LITERAL(AGE_FILES_IDENTITY), &identity), 0);
    return identity;
}

TEST(a_file_armoured_or_not_is_sealed_to_another_recipient_whatever_its_pieces)
{
    static const struct {
        const char *text;
        size_t length, step;
    } cases[] = {
        {BINARY, sizeof BINARY - 1, 1},
        {BINARY, sizeof BINARY - 1, 7},
        {BINARY, sizeof BINARY - 1, ROOM},
        {AGE_FILES_ARMOURED, sizeof AGE_FILES_ARMOURED - 1, 1},
        {AGE_FILES_ARMOURED, sizeof AGE_FILES_ARMOURED - 1, ROOM},
    };
    struct age_identity from = old_identity(), to;
    const struct age_keys old = keys_of(&from), new = keys_of(&to);
    age_key_generate(&to);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_EQ_INT(reseal_to_recipient(&reseal, &to.recipient, &why), 0);
        CHECK_EQ_INT(reseal_text(cases[i].text, cases[i].length, cases[i].step, &old), 0);
        open_into(&second, &first, &new);
        CHECK_EQ_INT(second.length, sizeof AGE_FILES_PLAIN - 1);
        CHECK_MEM(second.data, AGE_FILES_PLAIN, second.length);
    }
}

TEST(a_file_with_a_passphrase_is_sealed_to_a_recipient_and_back)
{
    struct age_identity to;
    const struct age_keys phrase = {.passphrase = SPAN_LITERAL(AGE_FILES_PASSPHRASE)};
    const struct age_keys other = {.passphrase = SPAN_LITERAL("another")};
    const struct age_keys new = keys_of(&to);
    age_key_generate(&to);
    CHECK_EQ_INT(reseal_to_recipient(&reseal, &to.recipient, &why), 0);
    CHECK_EQ_INT(reseal_text(AGE_FILES_SCRYPT, sizeof AGE_FILES_SCRYPT - 1, ROOM, &phrase), 0);
    memcpy(&second, &first, sizeof first);
    CHECK_EQ_INT(reseal_to_passphrase(&reseal, other.passphrase, &why), 0);
    CHECK_EQ_INT(reseal_text(second.data, second.length, ROOM, &new), 0);
    open_into(&second, &first, &other);
    CHECK_EQ_INT(second.length, sizeof AGE_FILES_SCRYPT_PLAIN - 1);
    CHECK_MEM(second.data, AGE_FILES_SCRYPT_PLAIN, second.length);
}

/* LENGTH bytes that are not all alike, sealed to WHO, in `second`. */
static void make_file(size_t length, const struct age_identity *who)
{
    static struct age_writer writer;
    static char text[ROOM];
    unsigned char key[AGE_FILE_KEY];
    char header[AGE_HEADER_SIZE(1)];
    struct span span = {header, 0};
    memset(&second, 0, sizeof second);
    for (size_t i = 0; i < length; i++)
        text[i] = (char)(i % 251);
    age_header_new_key(key);
    CHECK_EQ_INT(age_header_write(&who->recipient, 1, key, header, sizeof header, &span.length), 0);
    CHECK_EQ_INT(age_writer_begin(&writer, span, key, keep, &second), 0);
    CHECK_EQ_INT(age_writer_write(&writer, text, length), 0);
    CHECK_EQ_INT(age_writer_end(&writer), 0);
}

TEST(files_of_no_one_and_several_chunks)
{
    static const size_t lengths[] = {0, 1, 65535, 65536, 65537, 131072, 200000};
    struct age_identity from, to;
    const struct age_keys old = keys_of(&from), new = keys_of(&to);
    age_key_generate(&from);
    age_key_generate(&to);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        make_file(lengths[i], &from);
        CHECK_EQ_INT(reseal_to_recipient(&reseal, &to.recipient, &why), 0);
        CHECK_EQ_INT(reseal_text(second.data, second.length, 10000, &old), 0);
        open_into(&second, &first, &new);
        CHECK_EQ_INT(second.length, lengths[i]);
        for (size_t k = 0; k < lengths[i]; k++)
            if ((unsigned char)second.data[k] != k % 251)
                CHECK_EQ_INT(k, -1);
    }
}

TEST(nothing_comes_out_before_something_was_verified)
{
    struct age_identity from, other;
    const struct age_keys old = keys_of(&from), wrong = keys_of(&other);
    age_key_generate(&from);
    age_key_generate(&other);
    make_file(200000, &from);
    CHECK_EQ_INT(reseal_to_recipient(&reseal, &other.recipient, &why), 0);
    CHECK_EQ_INT(reseal_text(second.data, second.length, 10000, &wrong), -ENOKEY);
    CHECK_EQ_INT(first.calls, 0);
    CHECK_EQ_INT(reseal_text("no age file\n", 12, 12, &old), -EINVAL);
    CHECK_EQ_INT(first.calls, 0);
    CHECK_EQ_INT(reseal_text("", 0, 1, &old), -EINVAL);
    CHECK_EQ_INT(first.calls, 0);
    CHECK_EQ_INT(reseal_text(second.data, 1000, 10000, &old), -EBADMSG);
    CHECK_EQ_INT(first.calls, 0);
    /* With two chunks of four it has begun, and says at the end that it is not whole. */
    CHECK_EQ_INT(reseal_text(second.data, 150000, 10000, &old), -EBADMSG);
    CHECK(first.calls > 0);
    second.data[second.length - 1] ^= 1;
    CHECK_EQ_INT(reseal_text(second.data, second.length, 10000, &old), -EBADMSG);
}

TEST(what_the_sink_says_is_passed_on)
{
    struct age_identity from;
    const struct age_keys old = keys_of(&from);
    age_key_generate(&from);
    make_file(200000, &from);
    for (size_t call = 1; call < 5; call++) {
        CHECK_EQ_INT(reseal_to_recipient(&reseal, &from.recipient, &why), 0);
        memset(&first, 0, sizeof first);
        first.refuse = call;
        reseal_begin(&reseal, &old, keep, &first);
        int r = reseal_write(&reseal, second.data, second.length, &why);
        CHECK_EQ_INT(r ? r : reseal_end(&reseal, &why), -EPIPE);
        CHECK_STR(why.text, "refused");
    }
}

TEST(the_front_of_a_file_says_what_it_needs)
{
    static const struct {
        struct span text;
        struct front front;
    } cases[] = {
        {{BINARY, sizeof BINARY - 1}, {false, false}},
        {{AGE_FILES_HEADER, sizeof AGE_FILES_HEADER - 1}, {false, false}},
        {{AGE_FILES_ARMOURED, sizeof AGE_FILES_ARMOURED - 1}, {true, false}},
        {{AGE_FILES_SCRYPT, sizeof AGE_FILES_SCRYPT - 1}, {true, true}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct front front = {.is_armored = false};
        CHECK_EQ_INT(front_read(cases[i].text, &front, &why), 0);
        CHECK_EQ_INT(front.is_armored, cases[i].front.is_armored);
        CHECK_EQ_INT(front.wants_passphrase, cases[i].front.wants_passphrase);
    }
}

TEST(what_is_no_front_is_refused)
{
    static const struct {
        struct span text;
        const char *why;
    } cases[] = {
        {{"", 0}, "it is empty"},
        {{"hello\n", 6}, NULL},
        {{"-----BEGIN PGP MESSAGE-----\n", 28}, NULL},
        {{AGE_FILES_HEADER, sizeof AGE_FILES_HEADER - 2},
         "it is cut short, or its header is too long"},
        {{AGE_FILES_ARMOURED, 120}, "it is cut short, or its header is too long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct front front;
        why.text[0] = '\0';
        CHECK_EQ_INT(front_read(cases[i].text, &front, &why), -EINVAL);
        CHECK(why.text[0] != '\0');
        if (cases[i].why)
            CHECK_STR(why.text, cases[i].why);
    }
}

CHECK_MAIN
