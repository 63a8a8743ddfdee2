/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "cli/manifest.h"
#include "cli/output.h"
#include "cli/recipients.h"
#include "cli/say.h"
#include "cli/target.h"
#include "cli/template_source.h"
#include "cli/value.h"
#include "client/locked.h"
#include "crypto/age_whole.h"
#include "limits.h"
#include "store/record.h"

#include <stdlib.h>
#include <string.h>

/* ---- for whom -------------------------------------------------------------------------------- */

#define FILE_LIMIT 4096u /* one recipient and what people write around it */

/* Lines that begin with '#' and empty ones mean nothing; the first other one is it. */
static int find_recipient(struct span text, struct age_recipient *ret)
{
    while (text.length) {
        struct span line = str_trim(str_cut_line(&text));
        if (line.length && line.data[0] != '#')
            return age_key_read_recipient(line, ret);
    }
    return age_key_read_recipient(text, ret);
}

static enum verb_exit read_file(const char *file, struct age_recipient *ret)
{
    struct error error = {""};
    struct value text;
    const struct value_source source = {.file = file, .what = "recipient", .limit = FILE_LIMIT};
    if (strcmp(file, "-") == 0)
        return say_failure(VERB_USAGE, "standard input is the value; the recipient is another");
    if (value_read(&source, &text, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    int r = find_recipient((struct span){text.data, text.length}, ret);
    value_clear(&text);
    return r ? say_failure(VERB_REFUSED, "the file of -r has no recipient (age1...)") : VERB_OK;
}

static enum verb_exit read_recipient(const struct arguments *arguments, struct age_recipient *ret)
{
    if (!arguments->recipient_count)
        return recipients_ask(arguments, call_anybody, ret);
    const char *given = arguments->recipients[0];
    if (strncmp(given, "AGE-SECRET-KEY-", 15) == 0)
        return say_failure(VERB_USAGE, "-r takes a recipient (age1...), never a secret key: every "
                                       "process of the machine can read it there");
    if (strncmp(given, "age1", 4) != 0)
        return read_file(given, ret);
    return age_key_read_recipient(span_of(given), ret)
               ? say_failure(VERB_USAGE, "what -r gives is no recipient: age1 and 58 letters and "
                                         "digits")
               : VERB_OK;
}

/* ---- what ------------------------------------------------------------------------------------ */

static enum verb_exit read_moment(const char *name, const char *text, int64_t now_us, int64_t *ret)
{
    if (text && validity_read(span_of(text), now_us, ret) < 0)
        return say_failure(VERB_USAGE, "--%s must be " VALIDITY_RULE, name);
    return VERB_OK;
}

static enum verb_exit read_times(const struct arguments *arguments, struct record *ret)
{
    int64_t now_us = clock_wall_us();
    ret->created_us = ret->updated_us = now_us;
    ret->validity = VALIDITY_ALWAYS;
    ret->version =
        arguments->of_version.given ? arguments->of_version.number : (uint64_t)now_us / 1000000;
    enum verb_exit status =
        read_moment("not-before", arguments->not_before, now_us, &ret->validity.not_before_us);
    if (!status)
        status = read_moment("expires", arguments->expires, now_us, &ret->validity.expires_us);
    if (!status && ret->validity.expires_us <= now_us)
        status = say_failure(VERB_USAGE, "--expires is over already");
    if (!status && ret->validity.expires_us <= ret->validity.not_before_us)
        status = say_failure(VERB_USAGE, "--expires must be behind --not-before");
    return status;
}

/* ---- sealing --------------------------------------------------------------------------------- */

static enum verb_exit print(const struct arguments *arguments, const struct record *record,
                            struct span sealed)
{
    struct writer count = {0};
    if (sealed.length > LIMIT_WIRE_SEALED)
        return say_failure(VERB_REFUSED,
                           "sealed the value has %zu bytes, and an object of Kubernetes takes %u "
                           "at most",
                           sealed.length, LIMIT_WIRE_SEALED);
    manifest_write(&count, record, sealed, arguments->allow_rollback);
    char *text = malloc(count.needed);
    if (!text)
        return say_failure(VERB_REFUSED, "out of memory");
    struct writer w = writer_on(text, count.needed);
    manifest_write(&w, record, sealed, arguments->allow_rollback);
    enum verb_exit status = output_bytes(text, w.used);
    free(text);
    return status;
}

static enum verb_exit seal_text(const struct arguments *arguments, const struct record *record,
                                struct span text, const struct age_recipient *to)
{
    size_t length = 0;
    struct age_whole_seal *work = locked_alloc(sizeof *work);
    char *sealed = malloc(age_whole_size(text.length));
    int r = -1;
    if (work && sealed)
        r = age_whole_seal(work, text, to, sealed, &length);
    enum verb_exit status = r ? say_failure(VERB_REFUSED, "cannot seal: out of memory")
                              : print(arguments, record, (struct span){sealed, length});
    locked_free(work, sizeof *work);
    free(sealed);
    return status;
}

static enum verb_exit seal(const struct arguments *arguments, const struct record *record,
                           const struct age_recipient *to)
{
    struct writer count = {0};
    record_write(&count, record);
    char *text = locked_alloc(count.needed);
    if (!text)
        return say_failure(VERB_REFUSED, "out of memory");
    struct writer w = writer_on(text, count.needed);
    record_write(&w, record);
    enum verb_exit status = seal_text(arguments, record, (struct span){text, w.used}, to);
    locked_free(text, count.needed);
    return status;
}

static enum verb_exit seal_value(const struct arguments *arguments, struct record *record,
                                 const struct age_recipient *to)
{
    char what[LIMIT_KEY + 16];
    struct error error = {""};
    struct value value;
    struct writer w = writer_on(what, sizeof what - 1);
    writer_literal(&w, "value of ");
    writer_span(&w, record->key);
    what[w.used] = '\0';
    const struct value_source source = {
        .file = arguments->file, .what = what, .limit = LIMIT_VALUE};
    if (value_read(&source, &value, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    record->value = (struct span){value.data, value.length};
    enum verb_exit status =
        value.length ? seal(arguments, record, to)
                     : say_failure(VERB_REFUSED, "the value is empty; delete the secret instead");
    value_clear(&value);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct target target;
    struct age_recipient to;
    struct template_source template;
    char key[LIMIT_KEY + 1];
    struct record record = {.op = RECORD_PUT};
    if (target_key(arguments->operands[0], &target, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    target_text(&target, key);
    record.key = span_of(key);
    if (arguments->format)
        record.format = span_of(arguments->format);
    enum verb_exit status = read_times(arguments, &record);
    if (!status)
        status = read_recipient(arguments, &to);
    if (!status)
        status = template_source_read(arguments, &template);
    if (status)
        return status;
    record.template = template.text;
    status = seal_value(arguments, &record, &to);
    template_source_clear(&template);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_file,
    &arguments_not_before,
    &arguments_expires,
    &arguments_template,
    &arguments_template_file,
    &arguments_format,
    &arguments_seal_version,
    &arguments_seal_recipient,
    &arguments_seal_allow_rollback,
    NULL,
};

const struct verb verb_seal = {
    .name = "seal",
    .operands = "[NS/]WORKLOAD [-r FILE] [--version N] [--from-file FILE] [OPTION]...",
    .summary = "Write a secret as a file for Kubernetes and Git",
    .help =
        "The value at standard input, sealed to the root key of the cluster, as a VSecMSecret for\n"
        "kubectl apply. It takes no right and nothing is stored. Without -r the daemon of this\n"
        "node is asked for the cluster's recipient.\n"
        "T is a time as RFC 3339 has it (2027-01-01T00:00:00Z) or a while from now: +90d, +12h,\n"
        "+30m, +45s.\n",
    .options = options,
    .least = 1,
    .most = 1,
    .run = run,
};
