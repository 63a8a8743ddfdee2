/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/safe_name.h"

#include "base/error.h"
#include "base/name.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* What the original did with a name that begins so, and this daemon does not. */
static const struct {
    const char *prefix;
    const char *why;
} refused[] = {
    {"k8s:", "this daemon makes no Kubernetes Secrets: store the value under the workload's own "
             "name, without k8s:"},
    {"raw:", "this daemon keeps no secret that is not a workload's: store the value under a "
             "workload's name, without raw:"},
};

int safe_name_check_workload(struct span name, struct error *error)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        size_t length = strlen(refused[i].prefix);
        if (name.length >= length && memcmp(name.data, refused[i].prefix, length) == 0)
            return error_set(error, -EINVAL, "%s", refused[i].why);
    }
    if (!name_is_label(name))
        return error_set(error, -EINVAL, "a workload's name must be " NAME_LABEL_RULE);
    return 0;
}

int safe_name_check_namespace(struct span name, struct error *error)
{
    if (!name_is_label(name))
        return error_set(error, -EINVAL, "a namespace must be " NAME_LABEL_RULE);
    return 0;
}
