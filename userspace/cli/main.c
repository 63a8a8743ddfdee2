/* SPDX-License-Identifier: BSD-2-Clause */
/* vsecm: the table of verbs. */
#include "cli/dispatch.h"
#include "cli/safe.h"
#include "cli/say.h"

#include <errno.h>
#include <sodium/core.h>
#include <string.h>

static const struct verb *const verbs[] = {
    &verb_put,    &verb_get,     &verb_list,    &verb_history,  &verb_rollback,
    &verb_delete, &verb_whoami,  &verb_status,  &verb_unseal,   &verb_rekey,
    &verb_backup, &verb_restore, &verb_keygen,  &verb_encrypt,  &verb_decrypt,
    &verb_seal,   &verb_doctor,  &verb_render,  &verb_generate, &verb_watch,
    &verb_exec,   &verb_init,    &verb_sidecar, &verb_node,     NULL,
};

/* The name under which the binary was called decides which command line it reads. */
static enum verb_exit run_as(const char *name, char **words)
{
    if (sodium_init() < 0) /* it chooses what this processor is good at */
        return say_failure(VERB_REFUSED, "cannot set up libsodium");
    return strcmp(name, "safe") == 0 ? safe_run(words) : dispatch(verbs, words);
}

int main(int count, char **words)
{
    enum verb_exit status = dispatch_begin();
    if (!status)
        status = run_as(program_invocation_short_name, count ? words + 1 : words);
    return (int)dispatch_end(status);
}
