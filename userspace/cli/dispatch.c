/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/dispatch.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/say.h"
#include "cli/undumpable.h"
#include "vsecm/vsecm.h"

#include <stdio.h>
#include <string.h>

static const struct verb *find(const struct verb *const *verbs, const char *name)
{
    for (; *verbs; verbs++)
        if (strcmp((*verbs)->name, name) == 0)
            return *verbs;
    return NULL;
}

static enum verb_exit unknown(const struct verb *const *verbs, const char *name)
{
    char allowed[256] = "";
    for (; *verbs; verbs++) {
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, " %s", (*verbs)->name);
    }
    return say_failure(VERB_USAGE, "unknown verb %.32s; allowed:%s", name, allowed);
}

static enum verb_exit run(const struct verb *verb, const struct arguments *arguments)
{
    if (arguments->operand_count < verb->least || arguments->operand_count > verb->most)
        return say_failure(VERB_USAGE, "usage: vsecm %s %s", verb->name, verb->operands);
    return verb->run(arguments);
}

/* Cut WORDS off at "--" and return what stands behind it; NULL: nothing does. */
static char **cut_command(char **words)
{
    while (*words && strcmp(*words, "--") != 0)
        words++;
    if (!*words)
        return NULL;
    *words++ = NULL;
    return *words ? words : NULL;
}

enum verb_exit dispatch(const struct verb *const *verbs, char **words)
{
    struct arguments arguments = {.socket = NULL};
    struct error error = {""};
    int leading = arguments_leading(words, &arguments, &error);
    if (leading < 0)
        return say_failure(VERB_USAGE, "%s", error.text);
    const char *name = words[leading];
    const struct verb *verb = name ? find(verbs, name) : NULL;
    if (name && !verb)
        return unknown(verbs, name);
    if (verb && verb->command)
        arguments.command = cut_command(words + leading + 1);
    if (verb && arguments_read(words + leading + 1, verb->options, &arguments, &error))
        return say_failure(VERB_USAGE, "%s", error.text);
    if (arguments.version)
        puts("vsecm " VSECM_VERSION);
    else if (arguments.help && verb)
        help_verb(verb);
    else if (arguments.help)
        help_all(verbs);
    else if (verb)
        return run(verb, &arguments);
    else
        return say_failure(VERB_USAGE, "no verb given; `vsecm --help` lists them");
    return VERB_OK;
}

enum verb_exit dispatch_begin(void)
{
    return undumpable_begin() ? say_failure(VERB_REFUSED, "cannot turn off core dumps") : VERB_OK;
}

enum verb_exit dispatch_end(enum verb_exit status)
{
    if ((fflush(stdout) || ferror(stdout)) && !status)
        return say_failure(VERB_REFUSED, "cannot write to standard output");
    return status;
}
