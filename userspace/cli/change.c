/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/change.h"

#include "base/str.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/encode.h"
#include "cli/say.h"
#include "cli/submit.h"
#include "cli/target.h"
#include "cli/value.h"
#include "client/exchange.h"
#include "protocol.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of the longest answer to expect: a word for each key, or the names of unknown ones. */
#define ANSWER_LIMIT (64u * 1024u)

struct body {
    const struct arguments *arguments;
    const struct target *target;
    const struct value *value;
    struct span template;
};

/* A sealed value needs no "encoding": what it is made of is its own affair. */
static void write_value(struct writer *writer, bool encrypted, const struct value *value)
{
    bool binary =
        !str_is_utf8(value->data, value->length) || memchr(value->data, '\0', value->length);
    if (encrypted && binary)
        encode_base64(writer, "value", value->data, value->length);
    else
        encode_value(writer, "value", value->data, value->length);
    if (encrypted)
        writer_text(writer, ",\"encrypt\":true");
}

static void write_body(struct writer *writer, const void *argument)
{
    const struct body *body = argument;
    const struct arguments *arguments = body->arguments;
    writer_text(writer, "{");
    target_json(body->target, writer);
    if (body->value) {
        writer_text(writer, ",");
        write_value(writer, arguments->encrypted, body->value);
        if (body->template.length) {
            writer_text(writer, ",\"template\":");
            writer_json_unsafe(writer, body->template.data, body->template.length);
        }
        encode_option(writer, "format", arguments->format);
        encode_option(writer, "notBefore", arguments->not_before);
        encode_option(writer, "expires", arguments->expires);
        if (arguments->adopts)
            writer_text(writer, ",\"adopt\":true");
        if (arguments->if_version.given)
            writer_named_u64(writer, ",\"ifVersion\":", arguments->if_version.number);
    }
    writer_text(writer, "}");
}

enum verb_exit change_submit(const struct arguments *arguments, const struct target *target,
                             const struct value *value, struct span template,
                             struct exchange_answer *ret)
{
    const struct body body = {
        .arguments = arguments, .target = target, .value = value, .template = template};
    const struct submit what = {
        .method = value ? "POST" : "DELETE",
        .target = PATH_SENTINEL_SECRETS,
        .limit = ANSWER_LIMIT,
        .write = write_body,
        .argument = &body,
    };
    return submit_body(arguments, &what, ret);
}

enum verb_exit change_keys(const struct arguments *arguments, const struct target *target,
                           const struct value *value, struct span template)
{
    struct exchange_answer answer;
    enum verb_exit status = change_submit(arguments, target, value, template, &answer);
    if (status)
        return status;
    exchange_clear(&answer);
    target_print(target, value ? "stored" : "deleted");
    return VERB_OK;
}
