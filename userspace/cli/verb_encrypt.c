/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/passphrase.h"
#include "cli/recipients.h"
#include "cli/say.h"
#include "cli/stream.h"
#include "cli/value.h"
#include "client/locked.h"
#include "crypto/age.h"
#include "limits.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* In locked memory. */
struct sealing {
    struct stream stream;
    struct age_writer writer;
    struct age_armor_writer armor;
    unsigned char file_key[AGE_FILE_KEY];
    struct recipients recipients;
    char header[AGE_HEADER_SIZE(LIMIT_AGE_RECIPIENTS)];
    size_t header_length;
};

static enum verb_exit check(const struct arguments *arguments)
{
    bool has_passphrase = arguments->passphrase || arguments->passphrase_file;
    if (arguments->passphrase && arguments->passphrase_file)
        return say_failure(VERB_USAGE, "give one of -p and --passphrase-file");
    if (has_passphrase && arguments->recipient_count)
        return say_failure(VERB_USAGE, "a file has recipients or a passphrase, not both: leave "
                                       "out -r, or the passphrase");
    if (!arguments->armor && isatty(STDOUT_FILENO))
        return say_failure(VERB_USAGE, "sealed bytes are nothing for a terminal: write text with "
                                       "-a, or to a file or pipe");
    return VERB_OK;
}

static enum verb_exit seal_with_passphrase(const struct arguments *arguments,
                                           struct sealing *sealing)
{
    struct error error = {""};
    struct value phrase;
    int r = arguments->passphrase_file
                ? passphrase_read(arguments->passphrase_file, &phrase, &error)
                : passphrase_ask_new(&phrase, &error);
    if (r < 0)
        return say_failure(VERB_REFUSED, "%s", error.text);
    r = age_header_write_passphrase((struct span){phrase.data, phrase.length}, LIMIT_AGE_SCRYPT,
                                    sealing->file_key, sealing->header, sizeof sealing->header,
                                    &sealing->header_length);
    value_clear(&phrase);
    if (r == -ENOMEM)
        return say_failure(VERB_REFUSED,
                           "a passphrase needs %u MiB of memory to be turned into a "
                           "key",
                           (1u << LIMIT_AGE_SCRYPT) / 1024);
    return r ? say_failure(VERB_REFUSED, "%s", strerror(-r)) : VERB_OK;
}

static enum verb_exit seal_to_recipients(const struct arguments *arguments, struct sealing *sealing)
{
    enum verb_exit status = recipients_read(arguments, &sealing->recipients);
    if (status)
        return status;
    int r = age_header_write(sealing->recipients.keys, sealing->recipients.count, sealing->file_key,
                             sealing->header, sizeof sealing->header, &sealing->header_length);
    return r ? say_failure(VERB_REFUSED, "%s", strerror(-r)) : VERB_OK;
}

static int take(void *context, struct stream *stream, const void *data, size_t length)
{
    struct sealing *sealing = context;
    (void)stream;
    return age_writer_write(&sealing->writer, data, length);
}

static enum verb_exit write_file(struct sealing *sealing, bool armored)
{
    age_sink *sink = armored ? age_armor_writer_write : stream_write;
    void *context = armored ? (void *)&sealing->armor : &sealing->stream;
    age_armor_writer_begin(&sealing->armor, stream_write, &sealing->stream);
    int r =
        age_writer_begin(&sealing->writer, (struct span){sealing->header, sealing->header_length},
                         sealing->file_key, sink, context);
    if (!r)
        r = stream_run(&sealing->stream, take, sealing);
    if (!r)
        r = age_writer_end(&sealing->writer);
    if (!r && armored)
        r = age_armor_writer_end(&sealing->armor);
    return r ? say_failure(VERB_REFUSED, "%s", sealing->stream.error.text) : VERB_OK;
}

static enum verb_exit run(const struct arguments *arguments)
{
    enum verb_exit status = check(arguments);
    if (status)
        return status;
    struct sealing *sealing = locked_alloc(sizeof *sealing);
    if (!sealing)
        return say_failure(VERB_REFUSED, "out of memory");
    age_header_new_key(sealing->file_key);
    status = arguments->passphrase || arguments->passphrase_file
                 ? seal_with_passphrase(arguments, sealing)
                 : seal_to_recipients(arguments, sealing);
    if (!status)
        status = write_file(sealing, arguments->armor);
    locked_free(sealing, sizeof *sealing);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_recipient, &arguments_passphrase, &arguments_passphrase_file, &arguments_armor, NULL,
};

const struct verb verb_encrypt = {
    .name = "encrypt",
    .operands = "[-r RECIPIENT]... [-p | --passphrase-file FILE] [-a]",
    .summary = "Seal standard input as an age file",
    .help = "Any age can open it (age-encryption.org/v1). Without recipients and passphrase it is "
            "sealed\n"
            "to this node's daemon, which is asked for its recipient.\n",
    .options = options,
    .run = run,
};
