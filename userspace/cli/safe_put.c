/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/safe_put.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/change.h"
#include "cli/encode.h"
#include "cli/pattern.h"
#include "cli/root_key.h"
#include "cli/say.h"
#include "cli/submit.h"
#include "cli/value.h"
#include "client/locked.h"
#include "limits.h"
#include "protocol.h"
#include "template/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_NAME "VSECM_SENTINEL_SECRET_GENERATION_PREFIX"
#define PREFIX_DEFAULT "gen:"

/* Bytes of a largest value in an age file, in base64. */
#define SEALED_LIMIT (2u * LIMIT_VALUE)

bool safe_put_is_pattern(struct span text, struct span *pattern)
{
    const char *own = secure_getenv(PREFIX_NAME);
    struct span prefix = span_of(own && *own ? own : PREFIX_DEFAULT);
    if (text.length < prefix.length || memcmp(text.data, prefix.data, prefix.length) != 0)
        return false;
    *pattern = (struct span){text.data + prefix.length, text.length - prefix.length};
    return true;
}

static void write_for_sealing(struct writer *writer, const void *argument)
{
    const struct value *value = argument;
    writer_text(writer, "{\"encrypt\":true,");
    encode_value(writer, "value", value->data, value->length);
    writer_text(writer, "}");
}

enum verb_exit safe_put(const struct arguments *arguments, const struct target *target,
                        struct span value, struct span template, struct exchange_answer *ret)
{
    const struct value own = {
        .data = (char *)(uintptr_t)value.data, .length = value.length, .size = value.length};
    const struct submit sealing = {
        .method = "POST",
        .target = PATH_SENTINEL_SECRETS,
        .limit = SEALED_LIMIT,
        .write = write_for_sealing,
        .argument = &own,
    };
    return target ? change_submit(arguments, target, &own, template, ret)
                  : submit_body(arguments, &sealing, ret);
}

enum verb_exit safe_put_generated(const struct arguments *arguments, const struct target *target,
                                  struct span pattern, struct span template,
                                  struct exchange_answer *ret)
{
    struct error error = {""};
    struct pool *pool;
    struct span value;
    if (pattern_make(pattern, &pool, &value, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    enum verb_exit status = safe_put(arguments, target, value, template, ret);
    pool_free(pool);
    return status;
}

/* Each `\n` becomes a newline and a blank, which means nothing to whoever reads a key. */
static void break_lines(struct value *text)
{
    for (size_t i = 0; i + 1 < text->length; i++)
        if (text->data[i] == '\\' && text->data[i + 1] == 'n')
            memcpy(text->data + i, "\n ", 2);
}

enum verb_exit safe_put_keys(const struct arguments *arguments, struct span text,
                             struct exchange_answer *ret)
{
    struct error error = {""};
    struct root_key key;
    struct value own = {
        .data = locked_alloc(text.length), .length = text.length, .size = text.length};
    if (!own.data)
        return say_failure(VERB_REFUSED, "out of memory");
    memcpy(own.data, text.data, text.length);
    break_lines(&own);
    if (root_key_find(&own, &key, &error)) {
        value_clear(&own);
        return say_failure(VERB_USAGE, "%s", error.text);
    }
    enum verb_exit status = root_key_bring(arguments, &key, ret);
    root_key_clear(&key);
    return status;
}
