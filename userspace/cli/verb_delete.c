/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/change.h"
#include "cli/say.h"
#include "cli/target.h"
#include "limits.h"

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct target target;
    enum verb_exit worst = VERB_OK;
    if (target_check(arguments, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    for (size_t at = 0; target_next(arguments, &at, &target);) {
        enum verb_exit status = change_keys(arguments, &target, NULL, (struct span){NULL, 0});
        worst = status > worst ? status : worst;
    }
    return worst;
}

static const struct arguments_option *const options[] = {&arguments_namespace, NULL};

const struct verb verb_delete = {
    .name = "delete",
    .operands = "[NS/]WORKLOAD... [-n NS]...",
    .summary = "Delete secrets",
    .help = "",
    .options = options,
    .least = 1,
    .most = LIMIT_TARGETS,
    .run = run,
};
