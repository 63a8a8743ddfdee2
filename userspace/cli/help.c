/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/help.h"

#include "cli/arguments.h"

#include <stdio.h>

void help_options(const struct arguments_option *const *options)
{
    const struct arguments_option *option;
    for (size_t at = 0; (option = arguments_next(options, &at));) {
        char name[64];
        snprintf(name, sizeof name, "--%s%s%s", option->name, option->value ? " " : "",
                 option->value ? option->value : "");
        if (option->letter)
            printf("  -%c, %-22s  %s\n", option->letter, name, option->help);
        else
            printf("      %-22s  %s\n", name, option->help);
    }
}

void help_all(const struct verb *const *verbs)
{
    puts("usage: vsecm [--socket PATH] VERB [OPTION]...\n\nverbs:");
    for (; *verbs; verbs++)
        printf("  %-8s  %s\n", (*verbs)->name, (*verbs)->summary);
    puts("\noptions of every verb:");
    help_options(NULL);
    puts("\nexit status: 0 done, 1 refused, missing or damaged, 2 wrong usage, 3 no daemon.\n"
         "`vsecm VERB --help` says more.");
}

void help_verb(const struct verb *verb)
{
    printf("usage: vsecm %s%s%s\n\n%s.\n", verb->name, verb->operands[0] ? " " : "", verb->operands,
           verb->summary);
    if (verb->help[0])
        printf("\n%s", verb->help);
    puts("\noptions:");
    help_options(verb->options);
}
