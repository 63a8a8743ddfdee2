/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/root_key.h"
#include "cli/say.h"
#include "client/exchange.h"
#include "limits.h"

#include <stdio.h>

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct root_key key;
    if (arguments->operand_count)
        return say_failure(VERB_USAGE,
                           "unseal takes no key on the command line, where every process of the "
                           "machine can read it: give it on standard input or by --from-file");
    if (root_key_read(arguments, &key, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    struct exchange_answer answer;
    enum verb_exit status = root_key_bring(arguments, &key, &answer);
    root_key_clear(&key);
    if (status)
        return status;
    exchange_clear(&answer);
    puts("the store is open");
    return VERB_OK;
}

static const struct arguments_option *const options[] = {&arguments_key_file, NULL};

const struct verb verb_unseal = {
    .name = "unseal",
    .operands = "[--from-file FILE]",
    .summary = "Give the daemon the root key, with which it opens its store",
    .help =
        "The key is a line AGE-SECRET-KEY-1..., a file that age-keygen made, or the three lines "
        "that\nVMware Secrets Manager keeps. Without --from-file it is read from standard input, "
        "and at a\nterminal it is one line, typed without echo. It is never an argument.\n",
    .options = options,
    .most = LIMIT_TARGETS,
    .run = run,
};
