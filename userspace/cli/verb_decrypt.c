/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/identities.h"
#include "cli/passphrase.h"
#include "cli/say.h"
#include "cli/stream.h"
#include "cli/value.h"
#include "client/locked.h"
#include "crypto/age.h"

#include <errno.h>

/* In locked memory. */
struct opening {
    struct stream stream;
    struct age_reader reader;
    struct identities identities;
    struct value phrase;
};

static int ask(void *context, struct span *ret, struct error *error)
{
    struct opening *opening = context;
    int r = passphrase_ask(&opening->phrase, error);
    if (!r)
        *ret = (struct span){opening->phrase.data, opening->phrase.length};
    return r;
}

static int take(void *context, struct stream *stream, const void *data, size_t length)
{
    struct opening *opening = context;
    return age_reader_write(&opening->reader, data, length, &stream->error);
}

static enum verb_exit say_why(const struct opening *opening, int r)
{
    const struct stream *stream = &opening->stream;
    bool has_keys = opening->identities.count || opening->phrase.length;
    const char *hint = "";
    if (stream->is_ours)
        return say_failure(VERB_REFUSED, "%s", stream->error.text);
    if (stream->has_written)
        hint = "; what was printed is only its beginning";
    else if (r == -ENOKEY && !has_keys)
        hint = "; -i names a file of them";
    return say_failure(VERB_REFUSED, "cannot decrypt standard input: %s%s", stream->error.text,
                       hint);
}

static enum verb_exit read_file(struct opening *opening)
{
    const struct age_keys keys = {
        .identities = opening->identities.keys,
        .count = opening->identities.count,
        .passphrase = {opening->phrase.data, opening->phrase.length},
        .ask = ask,
        .context = opening,
    };
    age_reader_begin(&opening->reader, &keys, stream_write, &opening->stream);
    int r = stream_run(&opening->stream, take, opening);
    if (!r)
        r = age_reader_end(&opening->reader, &opening->stream.error);
    return r ? say_why(opening, r) : VERB_OK;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct opening *opening = locked_alloc(sizeof *opening);
    if (!opening)
        return say_failure(VERB_REFUSED, "out of memory");
    int r = identities_read(arguments, &opening->identities, &error);
    if (!r && arguments->passphrase_file)
        r = passphrase_read(arguments->passphrase_file, &opening->phrase, &error);
    enum verb_exit status = r ? say_failure(VERB_REFUSED, "%s", error.text) : read_file(opening);
    value_clear(&opening->phrase);
    locked_free(opening, sizeof *opening);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_identity,
    &arguments_passphrase_file,
    NULL,
};

const struct verb verb_decrypt = {
    .name = "decrypt",
    .operands = "[-i KEYFILE]... [--passphrase-file FILE]",
    .summary = "Open the age file at standard input",
    .help = "Armour is found out. A passphrase that is needed and not given is asked for at the "
            "terminal.\n"
            "Nothing is printed that has not been verified; when a large file turns out to be "
            "damaged,\n"
            "what was printed before is its real beginning, and the exit status is 1.\n",
    .options = options,
    .run = run,
};
