/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/reseal.h"

#include "base/error.h"
#include "limits.h"

#include <assert.h>
#include <errno.h>

static_assert(AGE_HEADER_SIZE(1) >= AGE_HEADER_PASSPHRASE_SIZE, "one memory for both headers");

int reseal_to_recipient(struct reseal *reseal, const struct age_recipient *to, struct error *error)
{
    age_header_new_key(reseal->file_key);
    int r = age_header_write(to, 1, reseal->file_key, reseal->header, sizeof reseal->header,
                             &reseal->header_length);
    return r ? error_set(error, r, "nothing can be sealed to this recipient") : 0;
}

int reseal_to_passphrase(struct reseal *reseal, struct span passphrase, struct error *error)
{
    age_header_new_key(reseal->file_key);
    int r =
        age_header_write_passphrase(passphrase, LIMIT_AGE_SCRYPT, reseal->file_key, reseal->header,
                                    sizeof reseal->header, &reseal->header_length);
    if (r == -ENOMEM)
        return error_set(error, r, "a passphrase needs %u MiB of memory to become a key",
                         (1u << LIMIT_AGE_SCRYPT) / 1024);
    return r ? error_set(error, r, "nothing can be sealed with this passphrase") : 0;
}

static int begin(struct reseal *reseal)
{
    const struct span header = {reseal->header, reseal->header_length};
    if (reseal->has_begun)
        return 0;
    reseal->has_begun = true;
    return age_writer_begin(&reseal->writer, header, reseal->file_key, reseal->sink,
                            reseal->context);
}

/* An age_sink for what has been opened. */
static int seal(void *context, const void *data, size_t length)
{
    struct reseal *reseal = context;
    int r = begin(reseal);
    return r ? r : age_writer_write(&reseal->writer, data, length);
}

void reseal_begin(struct reseal *reseal, const struct age_keys *keys, age_sink *sink, void *context)
{
    reseal->has_begun = false;
    reseal->sink = sink;
    reseal->context = context;
    age_reader_begin(&reseal->reader, keys, seal, reseal);
}

int reseal_write(struct reseal *reseal, const void *data, size_t length, struct error *error)
{
    return age_reader_write(&reseal->reader, data, length, error);
}

int reseal_end(struct reseal *reseal, struct error *error)
{
    int r = age_reader_end(&reseal->reader, error);
    if (!r)
        r = begin(reseal); /* of a file with nothing in it, no chunk has come */
    return r ? r : age_writer_end(&reseal->writer);
}
