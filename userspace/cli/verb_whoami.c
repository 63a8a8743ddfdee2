/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "cli/arguments.h"
#include "cli/call.h"
#include "cli/show.h"
#include "protocol.h"

static enum verb_exit run(const struct arguments *arguments)
{
    return show_object(arguments, PATH_WHOAMI, call_workload);
}

static const struct arguments_option *const options[] = {&arguments_output, NULL};

const struct verb verb_whoami = {
    .name = "whoami",
    .operands = "[-o json|table]",
    .summary = "Say who the caller is to the daemon, and why not a workload if it is none",
    .help = "",
    .options = options,
    .run = run,
};
