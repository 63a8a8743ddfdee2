/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_header.h"

#include <errno.h>
#include <sodium/crypto_auth_hmacsha256.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>
#include <stdint.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/age_base64.h"
#include "crypto/age_key.h"
#include "crypto/age_stanza.h"
#include "crypto/age_wrap.h"
#include "crypto/hkdf.h"
#include "limits.h"

#define VERSION "age-encryption.org/v1\n"
#define MARK_STANZA "vsecm"
#define MAC_MARK "---"
#define MAC crypto_auth_hmacsha256_BYTES
#define MAC_LINE (sizeof MAC_MARK - 1 + 1 + AGE_BASE64(MAC))

static void authenticate(struct span text, const unsigned char file_key[AGE_FILE_KEY],
                         unsigned char ret[MAC])
{
    static const struct span info = SPAN_LITERAL("header"), no_salt = {NULL, 0};
    unsigned char key[crypto_auth_hmacsha256_KEYBYTES];
    hkdf_sha256(hkdf_bytes(file_key, AGE_FILE_KEY), no_salt, info, key, sizeof key);
    crypto_auth_hmacsha256(ret, (const unsigned char *)text.data, text.length, key);
    sodium_memzero(key, sizeof key);
}

/* ---- writing --------------------------------------------------------------------------------- */

void age_header_new_key(unsigned char ret[AGE_FILE_KEY])
{
    randombytes_buf(ret, AGE_FILE_KEY);
}

static int finish(struct writer *writer, const unsigned char file_key[AGE_FILE_KEY], size_t *length)
{
    unsigned char mac[MAC];
    writer_literal(writer, MAC_MARK);
    if (!writer_ok(writer))
        return -ENOSPC;
    authenticate((struct span){writer->data, writer->used}, file_key, mac);
    writer_literal(writer, " ");
    age_base64_write(writer, mac, sizeof mac);
    writer_literal(writer, "\n");
    *length = writer->used;
    return writer_ok(writer) ? 0 : -ENOSPC;
}

static int write_recipients(struct writer *writer, const struct age_recipient *to, size_t count,
                            const unsigned char file_key[AGE_FILE_KEY])
{
    if (!count || count > LIMIT_AGE_RECIPIENTS)
        return -EINVAL;
    if (writer->size < AGE_HEADER_SIZE(count))
        return -ENOSPC;
    writer_literal(writer, VERSION);
    int r = 0;
    for (size_t i = 0; i < count && r == 0; i++)
        r = age_wrap_recipient(writer, &to[i], file_key);
    return r;
}

int age_header_write(const struct age_recipient *to, size_t count,
                     const unsigned char file_key[AGE_FILE_KEY], char *ret, size_t size,
                     size_t *length)
{
    struct writer writer = writer_on(ret, size);
    int r = write_recipients(&writer, to, count, file_key);
    return r < 0 ? r : finish(&writer, file_key, length);
}

static bool is_mark(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return false;
    return text.length && text.length <= AGE_MARK;
}

int age_header_write_marked(const struct age_recipient *to, size_t count, struct span mark,
                            const unsigned char file_key[AGE_FILE_KEY], char *ret, size_t size,
                            size_t *length)
{
    const struct span words[] = {SPAN_LITERAL(MARK_STANZA), mark};
    struct writer writer = writer_on(ret, size);
    if (!is_mark(mark))
        return -EINVAL;
    int r = write_recipients(&writer, to, count, file_key);
    if (r < 0)
        return r;
    age_stanza_write(&writer, words, 2, NULL, 0);
    return finish(&writer, file_key, length);
}

int age_header_write_passphrase(struct span passphrase, unsigned log_n,
                                const unsigned char file_key[AGE_FILE_KEY], char *ret, size_t size,
                                size_t *length)
{
    if (!passphrase.length || !log_n || log_n > LIMIT_AGE_SCRYPT_READ)
        return -EINVAL;
    if (size < AGE_HEADER_PASSPHRASE_SIZE)
        return -ENOSPC;
    struct writer writer = writer_on(ret, size);
    writer_literal(&writer, VERSION);
    int r = age_wrap_passphrase(&writer, passphrase, log_n, file_key);
    return r < 0 ? r : finish(&writer, file_key, length);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What one reading of a header finds and does. */
struct reading {
    const struct age_identity *identities; /* to open it with; none: it is only looked at */
    size_t count;
    unsigned char *file_key; /* where the key goes */
    bool is_open;
    struct age_stanza scrypt;
    bool has_scrypt;
    size_t stanzas;
    struct span mark;          /* empty: none */
    struct span authenticated; /* what the MAC is over */
    unsigned char mac[MAC];
};

static int skip_version(struct span *rest, struct error *error)
{
    static const struct span version = SPAN_LITERAL(VERSION);
    size_t length = rest->length < version.length ? rest->length : version.length;
    if (!span_equal((struct span){rest->data, length}, (struct span){version.data, length}))
        return error_set(error, -EINVAL, "it does not begin as an age v1 file does");
    if (length < version.length)
        return -EAGAIN;
    rest->data += length;
    rest->length -= length;
    return 0;
}

static int try_identities(struct reading *reading, const struct age_stanza *stanza,
                          struct error *error)
{
    int r = -ENOKEY;
    for (size_t i = 0; i < reading->count && r == -ENOKEY && !reading->is_open; i++) {
        r = age_wrap_open(stanza, &reading->identities[i], reading->file_key, error);
        reading->is_open = r == 0;
    }
    return r == -ENOKEY ? 0 : r;
}

static int use_stanza(struct reading *reading, const struct age_stanza *stanza, struct error *error)
{
    int r = 0;
    if (++reading->stanzas > LIMIT_AGE_STANZAS)
        return error_set(error, -EMSGSIZE, "the header has more than %u stanzas",
                         LIMIT_AGE_STANZAS);
    if (span_is(stanza->arguments[0], "scrypt")) {
        r = age_wrap_check_passphrase(stanza, error);
        reading->scrypt = *stanza;
        reading->has_scrypt = true;
    } else if (span_is(stanza->arguments[0], "X25519")) {
        r = age_wrap_check_recipient(stanza, error);
        if (!r)
            r = try_identities(reading, stanza, error);
    } else if (span_is(stanza->arguments[0], MARK_STANZA) && stanza->count == 2 &&
               is_mark(stanza->arguments[1])) {
        reading->mark = stanza->arguments[1];
    }
    if (!r && reading->has_scrypt && reading->stanzas > 1)
        return error_set(error, -EINVAL, "a passphrase must be the only way into a file");
    return r;
}

static bool is_mac_line(struct span rest)
{
    return rest.length >= 3 && span_is((struct span){rest.data, 3}, MAC_MARK);
}

static int read_mac(struct span *rest, const char *start, struct reading *reading,
                    struct error *error)
{
    struct span line;
    reading->authenticated = (struct span){start, (size_t)(rest->data - start) + 3};
    int r = age_stanza_line(rest, &line);
    if (r < 0)
        return r;
    if (line.length != MAC_LINE || line.data[3] != ' ' ||
        age_base64_read_exactly((struct span){line.data + 4, line.length - 4}, reading->mac, MAC))
        return error_set(error, -EINVAL, "the header's last line must be \"--- \" and a MAC");
    return 0;
}

static int read_stanzas(struct span *rest, struct reading *reading, struct error *error)
{
    do {
        struct age_stanza stanza;
        int r = age_stanza_read(rest, &stanza, error);
        if (!r)
            r = use_stanza(reading, &stanza, error);
        if (r < 0)
            return r;
        if (!rest->length)
            return -EAGAIN;
    } while (!is_mac_line(*rest));
    return 0;
}

/* Read the header at the front of *REST and cut it off. As age_header_measure() returns. */
static int read_header(struct span *rest, struct reading *reading, struct error *error)
{
    const char *start = rest->data;
    int r = skip_version(rest, error);
    if (!r)
        r = read_stanzas(rest, reading, error);
    if (!r)
        r = read_mac(rest, start, reading, error);
    return r;
}

int age_header_measure(struct span data, size_t *length, struct error *error)
{
    struct reading reading = {.count = 0};
    bool is_cut = data.length > LIMIT_AGE_HEADER;
    struct span rest = {data.data, is_cut ? LIMIT_AGE_HEADER : data.length};
    int r = read_header(&rest, &reading, error);
    if (r == -EAGAIN && is_cut)
        return error_set(error, -EMSGSIZE, "the header is longer than %u bytes", LIMIT_AGE_HEADER);
    if (!r)
        *length = (size_t)(rest.data - data.data);
    return r;
}

/* Read HEADER, all of it. */
static int read_whole(struct span header, struct reading *reading, struct error *error)
{
    struct span rest = header;
    if (header.length > LIMIT_AGE_HEADER)
        return error_set(error, -EMSGSIZE, "the header is longer than %u bytes", LIMIT_AGE_HEADER);
    int r = read_header(&rest, reading, error);
    if (r == -EAGAIN)
        return error_set(error, -EINVAL, "the header is cut short");
    if (!r && rest.length)
        return error_set(error, -EINVAL, "something follows the header's last line");
    return r;
}

bool age_header_wants_passphrase(struct span header)
{
    struct reading reading = {.count = 0};
    return !read_whole(header, &reading, NULL) && reading.has_scrypt;
}

void age_header_read_mark(struct span header, char ret[AGE_MARK + 1])
{
    struct reading reading = {.count = 0};
    struct span mark = read_whole(header, &reading, NULL) ? (struct span){"", 0} : reading.mark;
    if (mark.length)
        memcpy(ret, mark.data, mark.length);
    ret[mark.length] = '\0';
}

static int check_mac(const struct reading *reading, struct error *error)
{
    unsigned char mac[MAC];
    authenticate(reading->authenticated, reading->file_key, mac);
    int r = sodium_memcmp(mac, reading->mac, MAC) ? -EBADMSG : 0;
    /* Of a header that was changed, the right MAC is nobody's business. */
    sodium_memzero(mac, sizeof mac);
    return r ? error_set(error, r, "the header was changed") : 0;
}

int age_header_open(struct span header, const struct age_identity *identities, size_t count,
                    unsigned char ret[AGE_FILE_KEY], struct error *error)
{
    struct reading reading = {.identities = identities, .count = count, .file_key = ret};
    int r = read_whole(header, &reading, error);
    if (!r && reading.has_scrypt)
        r = error_set(error, -ENOKEY, "it is sealed with a passphrase, not to a recipient");
    else if (!r && !reading.is_open)
        r = error_set(error, -ENOKEY,
                      count ? "it is sealed to none of the identities given"
                            : "it needs an identity, and none is given");
    if (!r)
        r = check_mac(&reading, error);
    if (r < 0)
        sodium_memzero(ret, AGE_FILE_KEY);
    return r;
}

int age_header_open_passphrase(struct span header, struct span passphrase, unsigned max_log_n,
                               unsigned char ret[AGE_FILE_KEY], struct error *error)
{
    struct reading reading = {.count = 0, .file_key = ret};
    int r = read_whole(header, &reading, error);
    if (!r && !reading.has_scrypt)
        r = error_set(error, -ENOKEY, "it is sealed to recipients, not with a passphrase");
    if (!r)
        r = age_wrap_open_passphrase(&reading.scrypt, passphrase, max_log_n, ret, error);
    if (!r)
        r = check_mac(&reading, error);
    if (r < 0)
        sodium_memzero(ret, AGE_FILE_KEY);
    return r;
}
