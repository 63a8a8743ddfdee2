/* SPDX-License-Identifier: BSD-2-Clause */
/* vsecm: the table of verbs. */
#include "base/error.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/safe.h"
#include "cli/say.h"
#include "cli/verb.h"
#include "vsecm/vsecm.h"

#include <errno.h>
#include <sodium/core.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static const struct verb *const verbs[] = {
    &verb_put,    &verb_get,     &verb_list,     &verb_history, &verb_rollback,
    &verb_delete, &verb_whoami,  &verb_status,   &verb_unseal,  &verb_rekey,
    &verb_backup, &verb_restore, &verb_keygen,   &verb_encrypt, &verb_decrypt,
    &verb_doctor, &verb_render,  &verb_generate, &verb_watch,   NULL,
};

/* Secrets pass through: no core file, and no reading of this memory by the same user. */
static int harden(void)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -1;
    return setrlimit(RLIMIT_CORE, &none);
}

static const struct verb *find(const char *name)
{
    for (const struct verb *const *verb = verbs; *verb; verb++)
        if (strcmp((*verb)->name, name) == 0)
            return *verb;
    return NULL;
}

static enum verb_exit unknown(const char *name)
{
    char allowed[256] = "";
    for (const struct verb *const *verb = verbs; *verb; verb++) {
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, " %s", (*verb)->name);
    }
    return say_failure(VERB_USAGE, "unknown verb %.32s; allowed:%s", name, allowed);
}

static enum verb_exit run(const struct verb *verb, const struct arguments *arguments)
{
    if (arguments->operand_count < verb->least || arguments->operand_count > verb->most)
        return say_failure(VERB_USAGE, "usage: vsecm %s %s", verb->name, verb->operands);
    return verb->run(arguments);
}

static enum verb_exit dispatch(char **words)
{
    struct arguments arguments = {.socket = NULL};
    struct error error = {""};
    int leading = arguments_leading(words, &arguments, &error);
    if (leading < 0)
        return say_failure(VERB_USAGE, "%s", error.text);
    const char *name = words[leading];
    const struct verb *verb = name ? find(name) : NULL;
    if (name && !verb)
        return unknown(name);
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

/* The name under which the binary was called decides which command line it reads. */
static enum verb_exit run_as(const char *name, char **words)
{
    return strcmp(name, "safe") == 0 ? safe_run(words) : dispatch(words);
}

static enum verb_exit start(char **words)
{
    if (harden())
        return say_failure(VERB_REFUSED, "cannot turn off core dumps");
    if (sodium_init() < 0) /* it chooses what this processor is good at */
        return say_failure(VERB_REFUSED, "cannot set up libsodium");
    enum verb_exit status = run_as(program_invocation_short_name, words);
    if ((fflush(stdout) || ferror(stdout)) && !status)
        return say_failure(VERB_REFUSED, "cannot write to standard output");
    return status;
}

int main(int count, char **words)
{
    return (int)start(count ? words + 1 : words);
}
