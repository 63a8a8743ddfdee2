/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/show.h"
#include "protocol.h"

static enum verb_exit run(const struct arguments *arguments)
{
    return show_object(arguments, PATH_STATUS, call_admin);
}

static const struct arguments_option *const options[] = {&arguments_output, NULL};

const struct verb verb_status = {
    .name = "status",
    .operands = "[-o json|table]",
    .summary = "Print the state of the daemon",
    .help = "",
    .options = options,
    .run = run,
};
