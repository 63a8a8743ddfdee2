/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/change.h"

#include "base/writer.h"
#include "cli/call.h"
#include "cli/encode.h"
#include "cli/say.h"
#include "cli/target.h"
#include "cli/value.h"
#include "protocol.h"

/* Bytes of the longest answer to expect: a word for each key, or the names of unknown ones. */
#define ANSWER_LIMIT (64u * 1024u)

struct body {
    const struct target *target;
    const struct value *value;
};

static void write_body(struct writer *writer, const void *argument)
{
    const struct body *body = argument;
    writer_text(writer, "{");
    target_json(body->target, writer);
    if (body->value) {
        writer_text(writer, ",");
        encode_value(writer, "value", body->value->data, body->value->length);
    }
    writer_text(writer, "}");
}

enum verb_exit change_keys(const struct arguments *arguments, const struct target *target,
                           const struct value *value)
{
    const struct body body = {.target = target, .value = value};
    struct encode encoded;
    if (encode_with(write_body, &body, &encoded))
        return say_failure(VERB_REFUSED, "out of memory");
    const struct exchange_request request = {
        .method = value ? "POST" : "DELETE",
        .target = PATH_SENTINEL_SECRETS,
        .body = encoded.data,
        .length = encoded.length,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    enum verb_exit status = call_admin(arguments, &request, &answer);
    encode_clear(&encoded);
    if (status)
        return status;
    exchange_clear(&answer);
    target_print(target, value ? "stored" : "deleted");
    return VERB_OK;
}
