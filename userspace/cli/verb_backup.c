/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/new_file.h"
#include "cli/passphrase.h"
#include "cli/recipients.h"
#include "cli/reseal.h"
#include "cli/say.h"
#include "cli/value.h"
#include "client/locked.h"
#include "crypto/age_key.h"
#include "protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ANSWER_LIMIT (64u * 1024u)

/* In locked memory. */
struct backup {
    struct error error;
    struct new_file file;
    uint64_t length;
    char target[LIMIT_TARGET];
    struct recipients recipients;
    /* With a passphrase: the daemon seals to a key of the moment, and it is sealed anew here. */
    bool anew;
    struct age_identity throwaway;
    struct reseal reseal;
};

/* ---- what is asked for ----------------------------------------------------------------------- */

static enum verb_exit check(const struct arguments *arguments)
{
    if (!arguments->output)
        return say_failure(VERB_USAGE, "backup needs -o FILE; - is standard output");
    if (arguments->passphrase && arguments->passphrase_file)
        return say_failure(VERB_USAGE, "give one of -p and --passphrase-file");
    if ((arguments->passphrase || arguments->passphrase_file) && arguments->recipient_count)
        return say_failure(VERB_USAGE, "a backup has recipients or a passphrase, not both: leave "
                                       "out -r, or the passphrase");
    return VERB_OK;
}

/* The path, with all recipients. */
static enum verb_exit set_target(struct backup *backup)
{
    struct writer writer = writer_on(backup->target, sizeof backup->target - 1);
    writer_text(&writer, PATH_BACKUP);
    for (size_t i = 0; i < backup->recipients.count; i++) {
        char text[AGE_KEY_RECIPIENT_TEXT];
        age_key_write_recipient(&backup->recipients.keys[i], text);
        writer_text(&writer, i ? "&recipient=" : "?recipient=");
        writer_text(&writer, text);
    }
    if (!writer_ok(&writer))
        return say_failure(VERB_USAGE, "a backup can have %zu recipients at most",
                           (sizeof backup->target - sizeof PATH_BACKUP) /
                               (sizeof "&recipient=" - 1 + AGE_KEY_RECIPIENT_TEXT - 1));
    backup->target[writer.used] = '\0';
    return VERB_OK;
}

static enum verb_exit use_recipients(struct backup *backup, const struct arguments *arguments)
{
    /* Without any the daemon takes its own. */
    enum verb_exit status =
        arguments->recipient_count ? recipients_read(arguments, &backup->recipients) : VERB_OK;
    return status ? status : set_target(backup);
}

static enum verb_exit use_passphrase(struct backup *backup, const struct arguments *arguments)
{
    struct value phrase;
    int r = arguments->passphrase_file
                ? passphrase_read(arguments->passphrase_file, &phrase, &backup->error)
                : passphrase_ask_new(&phrase, &backup->error);
    if (r)
        return say_failure(VERB_REFUSED, "%s", backup->error.text);
    r = reseal_to_passphrase(&backup->reseal, (struct span){phrase.data, phrase.length},
                             &backup->error);
    value_clear(&phrase);
    if (r)
        return say_failure(VERB_REFUSED, "%s", backup->error.text);
    age_key_generate(&backup->throwaway);
    backup->anew = true;
    backup->recipients.keys[0] = backup->throwaway.recipient;
    backup->recipients.count = 1;
    return set_target(backup);
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* An age_sink. */
static int write_piece(void *context, const void *data, size_t length)
{
    struct backup *backup = context;
    backup->length += length;
    return new_file_write(&backup->file, data, length, &backup->error);
}

/* Of an exchange_sink. */
static int take(void *context, const char *data, size_t length)
{
    struct backup *backup = context;
    int r = backup->anew ? reseal_write(&backup->reseal, data, length, &backup->error)
                         : write_piece(backup, data, length);
    if (r)
        say_failure(VERB_REFUSED, "%s", backup->error.text);
    return r;
}

static enum verb_exit receive(struct backup *backup, const struct arguments *arguments)
{
    const struct exchange_sink sink = {.take = take, .context = backup};
    const struct exchange_request request = {
        .method = "GET",
        .target = backup->target,
        .limit = ANSWER_LIMIT,
        .sink = &sink,
    };
    const struct age_keys keys = {.identities = &backup->throwaway, .count = 1};
    struct exchange_answer answer;
    if (backup->anew)
        reseal_begin(&backup->reseal, &keys, write_piece, backup);
    enum verb_exit status = call_admin(arguments, &request, &answer);
    if (status)
        return status;
    exchange_clear(&answer);
    if (backup->anew && reseal_end(&backup->reseal, &backup->error))
        return say_failure(VERB_REFUSED, "the daemon's backup: %s", backup->error.text);
    return VERB_OK;
}

static enum verb_exit write_backup(struct backup *backup, const struct arguments *arguments)
{
    if (new_file_open(arguments->output, &backup->file, &backup->error))
        return say_failure(VERB_REFUSED, "%s", backup->error.text);
    enum verb_exit status = receive(backup, arguments);
    if (!status && new_file_finish(&backup->file, &backup->error))
        status = say_failure(VERB_REFUSED, "%s", backup->error.text);
    new_file_drop(&backup->file);
    if (!status && backup->file.path)
        printf("%s written, %llu bytes\n", backup->file.path, (unsigned long long)backup->length);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    enum verb_exit status = check(arguments);
    if (status)
        return status;
    struct backup *backup = locked_alloc(sizeof *backup);
    if (!backup)
        return say_failure(VERB_REFUSED, "out of memory");
    status = arguments->passphrase || arguments->passphrase_file
                 ? use_passphrase(backup, arguments)
                 : use_recipients(backup, arguments);
    if (!status)
        status = write_backup(backup, arguments);
    locked_free(backup, sizeof *backup);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_output_file,
    &arguments_recipient,
    &arguments_passphrase,
    &arguments_passphrase_file,
    NULL,
};

const struct verb verb_backup = {
    .name = "backup",
    .operands = "-o FILE [-r RECIPIENT]... [-p | --passphrase-file FILE]",
    .summary = "Write all that is stored into an age file",
    .help = "Sealed to the daemon's own recipient, to those of -r, or with a passphrase. Each but "
            "the\nfirst makes values readable to others, and needs option reveal of vsecmd. FILE "
            "appears\nonce it is whole; - is standard output.\n",
    .options = options,
    .run = run,
};
