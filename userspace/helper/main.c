/* SPDX-License-Identifier: BSD-2-Clause */
/* The vsecm that pods get from the node: the verbs of a workload, one static file. */
#include "cli/dispatch.h"

static const struct verb *const verbs[] = {
    &verb_get, &verb_watch, &verb_exec, &verb_init, &verb_sidecar, &verb_whoami, NULL,
};

int main(int count, char **words)
{
    enum verb_exit status = dispatch_begin();
    if (!status)
        status = dispatch(verbs, count ? words + 1 : words);
    return (int)dispatch_end(status);
}
