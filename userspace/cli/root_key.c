/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/root_key.h"

#include "base/error.h"
#include "base/str.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/submit.h"
#include "client/locked.h"
#include "crypto/age_key.h"
#include "protocol.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Bytes of a key with more comments than anybody writes. */
#define ROOT_KEY_LIMIT 4096u

#define ANSWER_LIMIT 4096u /* bytes of the daemon's answer */

#define AES_DIGITS 64u /* of 32 bytes */

static bool begins_with(struct span text, const char *word)
{
    return text.length >= strlen(word) && memcmp(text.data, word, strlen(word)) == 0;
}

static bool is_aes(struct span line)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (size_t i = 0; i < line.length; i++)
        if (!memchr(digits, line.data[i], sizeof digits - 1))
            return false;
    return line.length == AES_DIGITS;
}

/* Where LINE belongs; NULL: nowhere. */
static struct span *part_for(struct root_key *key, struct span line)
{
    if (begins_with(line, "AGE-SECRET-KEY-1"))
        return &key->identity;
    if (begins_with(line, "age1"))
        return &key->recipient;
    return is_aes(line) ? &key->aes : NULL;
}

static int take_line(struct root_key *key, struct span line, unsigned number, struct error *error)
{
    line = str_trim(line);
    if (!line.length || line.data[0] == '#')
        return 0;
    struct span *part = part_for(key, line);
    if (!part)
        return error_set(error, -EINVAL,
                         "line %u is no part of a root key, which is a line AGE-SECRET-KEY-1..., "
                         "and perhaps its recipient age1... and an AES key of %u hex digits",
                         number, AES_DIGITS);
    if (part->length)
        return error_set(error, -EINVAL, "line %u begins a second key; the root key is one",
                         number);
    *part = line;
    return 0;
}

/* What is written down is a key, read into IDENTITY, and the recipient is its own. */
static int check_parts(const struct root_key *key, struct age_identity *identity,
                       struct error *error)
{
    struct age_recipient recipient;
    if (age_key_read_identity(key->identity, identity))
        return error_set(error, -EINVAL,
                         "the key is mistyped or incomplete: its checksum is wrong");
    if (!key->recipient.length)
        return 0;
    if (age_key_read_recipient(key->recipient, &recipient))
        return error_set(error, -EINVAL,
                         "the recipient is mistyped or incomplete: its checksum is wrong");
    if (memcmp(&recipient, &identity->recipient, sizeof recipient) != 0)
        return error_set(error, -EINVAL, "the recipient is another key's");
    return 0;
}

static int check(const struct root_key *key, struct error *error)
{
    if (!key->identity.length)
        return error_set(error, -EINVAL, "no root key was found: it is a line AGE-SECRET-KEY-1...");
    struct age_identity *identity = locked_alloc(sizeof *identity);
    if (!identity)
        return error_set(error, -ENOMEM, "out of memory");
    int r = check_parts(key, identity, error);
    locked_free(identity, sizeof *identity);
    return r;
}

int root_key_find(const struct value *text, struct root_key *ret, struct error *error)
{
    struct root_key key = {.text = *text};
    struct span rest = {text->data, text->length};
    int r = 0;
    if (begins_with(rest, "age-encryption.org/") || begins_with(rest, "-----BEGIN AGE"))
        return error_set(error, -EINVAL,
                         "it is encrypted itself: decrypt it first, `age -d FILE | vsecm ...`");
    for (unsigned number = 1; !r && rest.length; number++)
        r = take_line(&key, str_cut_line(&rest), number, error);
    if (!r)
        r = check(&key, error);
    if (!r)
        *ret = key;
    return r;
}

int root_key_read(const struct arguments *arguments, struct root_key *ret, struct error *error)
{
    const struct value_source source = {
        .file = arguments->file,
        .what = "root key",
        .limit = ROOT_KEY_LIMIT,
    };
    struct value text;
    int r = value_read(&source, &text, error);
    if (r)
        return r;
    r = root_key_find(&text, ret, error);
    if (r)
        value_clear(&text);
    return r;
}

static void write_part(struct writer *writer, const char *name, struct span part)
{
    if (!part.length)
        return;
    writer_text(writer, name);
    writer_json(writer, part.data, part.length);
}

void root_key_json(const struct root_key *key, struct writer *writer)
{
    write_part(writer, "\"ageSecretKey\":", key->identity);
    write_part(writer, ",\"agePublicKey\":", key->recipient);
    write_part(writer, ",\"aesCipherKey\":", key->aes);
}

static void write_body(struct writer *writer, const void *argument)
{
    writer_text(writer, "{");
    root_key_json(argument, writer);
    writer_text(writer, "}");
}

enum verb_exit root_key_bring(const struct arguments *arguments, const struct root_key *key,
                              struct exchange_answer *ret)
{
    const struct submit what = {
        .method = "POST",
        .target = PATH_KEYS,
        .limit = ANSWER_LIMIT,
        .write = write_body,
        .argument = key,
    };
    return submit_body(arguments, &what, ret);
}

void root_key_clear(struct root_key *key)
{
    value_clear(&key->text);
    *key = (struct root_key){.text = {.data = NULL}};
}
