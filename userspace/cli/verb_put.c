/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/change.h"
#include "cli/say.h"
#include "cli/target.h"
#include "cli/template_source.h"
#include "cli/value.h"
#include "limits.h"

#include <stdio.h>

/* Bytes of a largest value that is sealed, in base64 or armour, and to many recipients. */
#define SEALED_LIMIT (2u * LIMIT_VALUE)

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
    char what[LIMIT_KEY + 16];
    snprintf(what, sizeof what, "value of %s", arguments->operands[0]);
    const struct value_source source = {
        .file = arguments->file,
        .what = what,
        .limit = arguments->encrypted ? SEALED_LIMIT : LIMIT_VALUE,
    };
    if (value_read(&source, &value, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    struct template_source template;
    enum verb_exit status = template_source_read(arguments, &template);
    if (!status) {
        status = change_keys(arguments, &target, &value, template.text);
        template_source_clear(&template);
    }
    value_clear(&value);
    return status;
}

static const char *take_adopt(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->adopts = true;
    return NULL;
}

static const struct arguments_option adopt = {
    "adopt", 0, NULL, "of k8s:SECRET: take over one that others made", take_adopt,
};

static const struct arguments_option *const options[] = {
    &arguments_namespace,
    &arguments_file,
    &arguments_if_version,
    &arguments_not_before,
    &arguments_expires,
    &arguments_encrypted,
    &arguments_template,
    &arguments_template_file,
    &arguments_format,
    &adopt,
    NULL,
};

const struct verb verb_put = {
    .name = "put",
    .operands = "[NS/]WORKLOAD|[NS/]k8s:SECRET [-n NS]... [--from-file FILE] [OPTION]...",
    .summary = "Store a workload's secret, or a new version of it",
    .help =
        "The value is read from standard input, byte for byte: mind that echo adds a newline.\n"
        "At a terminal it is one line, typed without echo. It is never an argument.\n"
        "NS/k8s:SECRET becomes a Kubernetes Secret of that name, in a cluster.\n"
        "T is a time as RFC 3339 has it (2027-01-01T00:00:00Z) or a while from now: +90d, +12h,\n"
        "+30m, +45s. With a template or a format the workload gets the value as `vsecm render` "
        "shows\n"
        "it; administrators can see both.\n",
    .options = options,
    .least = 1,
    .most = LIMIT_TARGETS,
    .run = run,
};
