/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/change.h"
#include "cli/say.h"
#include "cli/target.h"
#include "cli/value.h"
#include "limits.h"

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct value value;
    struct target target;
    size_t at = 0;
    if (arguments->operand_count > 1)
        return say_failure(VERB_USAGE,
                           "put takes no value on the command line, where every process of the "
                           "machine can read it: give it on standard input or by --from-file");
    if (target_check(arguments, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    target_next(arguments, &at, &target);
    if (value_read(arguments->file, arguments->operands[0], &value, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    enum verb_exit status = change_keys(arguments, &target, &value);
    value_clear(&value);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_namespace,
    &arguments_file,
    NULL,
};

const struct verb verb_put = {
    .name = "put",
    .operands = "[NS/]WORKLOAD [-n NS]... [--from-file FILE]",
    .summary = "Store a workload's secret, or a new version of it",
    .help = "The value is read from standard input, byte for byte: mind that echo adds a newline.\n"
            "At a terminal it is one line, typed without echo. It is never an argument.\n",
    .options = options,
    .least = 1,
    .most = LIMIT_TARGETS,
    .run = run,
};
