/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/recipients.h"

#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/say.h"
#include "client/answer.h"
#include "protocol.h"

#include <string.h>

/* Bytes of the longest answer to expect: one recipient, and what may come to stand beside it. */
#define ANSWER_LIMIT 4096u

static enum verb_exit read_option(const char *text, size_t number, struct age_recipient *ret)
{
    if (!age_key_read_recipient(span_of(text), ret))
        return VERB_OK;
    if (strncmp(text, "AGE-SECRET-KEY-", 15) == 0)
        return say_failure(VERB_USAGE,
                           "-r takes recipients (age1...), never a secret key: every process of "
                           "the machine can read it there, so make a new one");
    return say_failure(VERB_USAGE,
                       "-r number %zu is no recipient: age1 and 58 letters and digits, as `vsecm "
                       "keygen --public` prints it",
                       number);
}

static enum verb_exit read_answer(const struct exchange_answer *answer, struct age_recipient *ret)
{
    char text[128];
    answer_text(answer->body, answer->head.length, "recipient", text, sizeof text);
    return age_key_read_recipient(span_of(text), ret)
               ? say_failure(VERB_REFUSED, "the daemon's answer has no recipient")
               : VERB_OK;
}

enum verb_exit recipients_ask(const struct arguments *arguments, call_as *call,
                              struct age_recipient *ret)
{
    const struct exchange_request request = {
        .method = "GET",
        .target = PATH_RECIPIENT,
        .limit = ANSWER_LIMIT,
    };
    struct exchange_answer answer;
    enum verb_exit status = call(arguments, &request, &answer);
    if (status)
        return status;
    status = read_answer(&answer, ret);
    exchange_clear(&answer);
    return status;
}

enum verb_exit recipients_read(const struct arguments *arguments, struct recipients *ret)
{
    ret->count = arguments->recipient_count;
    for (size_t i = 0; i < ret->count; i++) {
        enum verb_exit status = read_option(arguments->recipients[i], i + 1, &ret->keys[i]);
        if (status)
            return status;
    }
    if (ret->count)
        return VERB_OK;
    ret->count = 1;
    return recipients_ask(arguments, call_anybody, &ret->keys[0]);
}
