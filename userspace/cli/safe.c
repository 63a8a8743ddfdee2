/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/safe.h"

#include "base/error.h"
#include "cli/call.h"
#include "cli/change.h"
#include "cli/help.h"
#include "cli/init_run.h"
#include "cli/output.h"
#include "cli/safe_flags.h"
#include "cli/safe_put.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "limits.h"
#include "protocol.h"
#include "vsecm/vsecm.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Bytes of a largest value that is sealed, in base64 or armour, and to many recipients. */
#define SEALED_LIMIT (2u * LIMIT_VALUE)

/* ---- what is printed ------------------------------------------------------------------------- */

/* As the original: the answer between two empty lines. */
static enum verb_exit print(const char *text, size_t length)
{
    while (length && text[length - 1] == '\n')
        length--;
    enum verb_exit status = output_bytes("\n", 1);
    if (!status)
        status = output_bytes(text, length);
    return status ? status : output_bytes("\n\n", 2);
}

/* "OK" for each workload, as the original, in however many namespaces it is meant. */
static enum verb_exit print_done(const struct target *target)
{
    char text[2 * LIMIT_TARGETS];
    for (size_t i = 0; i < target->workload_count; i++)
        memcpy(text + 2 * i, "OK", 2);
    return print(text, 2 * target->workload_count);
}

static enum verb_exit print_answer(enum verb_exit status, struct exchange_answer *answer)
{
    if (!status)
        status = print(answer->body, answer->head.length);
    exchange_clear(answer);
    return status;
}

/* ---- the list -------------------------------------------------------------------------------- */

/* It may be larger than memory that is locked: it goes on piece by piece. */
static int take_piece(void *context, const char *data, size_t length)
{
    bool *has_begun = context;
    if (!*has_begun && output_bytes("\n", 1))
        return 1;
    *has_begun = true;
    return output_bytes(data, length) != VERB_OK;
}

static enum verb_exit list(const struct arguments *arguments)
{
    bool has_begun = false;
    const struct exchange_sink sink = {.take = take_piece, .context = &has_begun};
    const struct exchange_request request = {
        .method = "GET",
        .target =
            arguments->encrypted ? PATH_SENTINEL_SECRETS "?reveal=true" : PATH_SENTINEL_SECRETS,
        .limit = SEALED_LIMIT,
        .sink = &sink,
    };
    struct exchange_answer answer;
    enum verb_exit status = call_admin(arguments, &request, &answer);
    exchange_clear(&answer);
    return status ? status : output_bytes("\n", 1);
}

/* ---- values ---------------------------------------------------------------------------------- */

/* What -s or -i says: the value itself, or where it comes from. */
static bool is_elsewhere(const struct value *said)
{
    return said->data[0] == '@' || strcmp(said->data, "-") == 0;
}

static enum verb_exit read_elsewhere(const struct value *said, const char *what, size_t limit,
                                     struct value *ret)
{
    struct error error = {""};
    const struct value_source source = {
        .file = said->data[0] == '@' ? said->data + 1 : NULL,
        .what = what,
        .limit = limit,
    };
    if (strcmp(said->data, "@") == 0)
        return say_failure(VERB_USAGE, "a file's name must follow the @");
    if (value_read(&source, ret, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    if (ret->length)
        return VERB_OK;
    value_clear(ret);
    return say_failure(VERB_USAGE, "the %s is empty", what);
}

static void warn_of(const char *flag)
{
    char text[160];
    snprintf(text, sizeof text,
             "what %s said could be read by every process until now; give it on standard input "
             "(%s -) or in a file (%s @FILE)",
             flag, flag, flag);
    say_notice(text);
}

static struct span span_of_value(const struct value *value)
{
    return (struct span){value->data, value->length};
}

static enum verb_exit bring_keys(const struct safe_flags *flags)
{
    struct value text = {.data = NULL};
    struct exchange_answer answer = {.body = NULL};
    enum verb_exit status = VERB_OK;
    if (is_elsewhere(&flags->keys))
        status = read_elsewhere(&flags->keys, "root key", LIMIT_KEY_FILE, &text);
    else
        warn_of("-i");
    if (!status)
        status = safe_put_keys(&flags->arguments, span_of_value(text.data ? &text : &flags->keys),
                               &answer);
    value_clear(&text);
    return print_answer(status, &answer);
}

/* Send the value that FLAGS give, to TARGET or, with NULL, to be sealed. */
static enum verb_exit send_value(const struct safe_flags *flags, const struct target *target,
                                 struct exchange_answer *ret)
{
    const struct arguments *arguments = &flags->arguments;
    struct span template = span_of(arguments->template ? arguments->template : "");
    struct span said = span_of_value(&flags->secret), pattern;
    bool is_sealed = target && arguments->encrypted;
    struct value read;
    if (is_elsewhere(&flags->secret)) {
        enum verb_exit status =
            read_elsewhere(&flags->secret, "secret", is_sealed ? SEALED_LIMIT : LIMIT_VALUE, &read);
        if (status)
            return status;
        status = safe_put(arguments, target, span_of_value(&read), template, ret);
        value_clear(&read);
        return status;
    }
    if (!is_sealed && safe_put_is_pattern(said, &pattern))
        return safe_put_generated(arguments, target, pattern, template, ret);
    if (!is_sealed)
        warn_of("-s");
    return safe_put(arguments, target, said, template, ret);
}

static enum verb_exit seal(const struct safe_flags *flags)
{
    struct exchange_answer answer = {.body = NULL};
    return print_answer(send_value(flags, NULL, &answer), &answer);
}

static enum verb_exit change(const struct safe_flags *flags, bool removes)
{
    struct exchange_answer answer = {.body = NULL};
    struct target target;
    safe_flags_target(flags, &target);
    enum verb_exit status =
        removes ? change_submit(&flags->arguments, &target, NULL, (struct span){"", 0}, &answer)
                : send_value(flags, &target, &answer);
    exchange_clear(&answer);
    return status ? status : print_done(&target);
}

/* ---- init commands --------------------------------------------------------------------------- */

/* A process that is there so that others can be run beside it. */
static enum verb_exit stay(void)
{
    struct signals signals;
    bool sent;
    int r = signals_open(&signals);
    if (r)
        return say_failure(VERB_REFUSED, "cannot wait for signals: %s", strerror(-r));
    for (int number = 0; number != SIGTERM && number != SIGINT;
         number = signals_next(&signals, &sent))
        poll(&(struct pollfd){.fd = signals.fd, .events = POLLIN}, 1, -1);
    signals_close(&signals);
    return VERB_OK;
}

static enum verb_exit init(const struct safe_flags *flags)
{
    const struct arguments *arguments = &flags->arguments;
    const char *path = arguments->operand_count ? arguments->operands[0] : NULL;
    enum verb_exit status = VERB_OK;
    if (!flags->stays || init_run_has_file(path))
        status = init_run(arguments, path);
    return status || !flags->stays ? status : stay();
}

/* ---- what was asked for ---------------------------------------------------------------------- */

static void print_help(void)
{
    puts("usage: safe -w NAME [-w NAME]... [-n NS]... -s VALUE [-t TEMPLATE] [-f FORMAT] [-e]\n"
         "       safe -w NAME [-w NAME]... [-n NS]... -d\n"
         "       safe -l [-e]\n"
         "       safe -s VALUE -e\n"
         "       safe -i KEYS\n"
         "       safe --init [FILE] [--stay]\n\n"
         "Administer secrets as the Sentinel of VMware Secrets Manager does. `vsecm` can do more.\n"
         "\noptions:");
    help_options(safe_flags_options);
    puts("\nVALUE may be gen:PATTERN, as for `vsecm generate`; give any other on standard input or "
         "in a\nfile: every process can read the command line.\n\n"
         "exit status: 0 done, 1 refused or missing, 2 wrong usage, 3 no daemon.");
}

static enum verb_exit dispatch(const struct safe_flags *flags)
{
    struct error error = {""};
    const struct arguments *arguments = &flags->arguments;
    switch (safe_flags_task(flags, &error)) {
    case SAFE_FLAGS_LIST: return list(arguments);
    case SAFE_FLAGS_INIT: return init(flags);
    case SAFE_FLAGS_KEYS: return bring_keys(flags);
    case SAFE_FLAGS_REMOVE: return change(flags, true);
    case SAFE_FLAGS_STORE: return change(flags, false);
    case SAFE_FLAGS_SEAL: return seal(flags);
    case SAFE_FLAGS_HELP: print_help(); return VERB_OK;
    case SAFE_FLAGS_VERSION: puts("safe " VSECM_VERSION); return VERB_OK;
    case SAFE_FLAGS_WRONG: break;
    }
    return say_failure(VERB_USAGE, "%s", error.text);
}

enum verb_exit safe_run(char **words)
{
    struct error error = {""};
    struct safe_flags flags;
    say_as("safe");
    int r = safe_flags_read(words, &flags, &error);
    enum verb_exit status =
        r ? say_failure(VERB_USAGE, "%s; `safe -h` says more", error.text) : dispatch(&flags);
    safe_flags_clear(&flags);
    return status;
}
