/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/safe_name.h"

#include "base/error.h"
#include "base/name.h"
#include "store/key.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* What the original did with a name that begins so, and this daemon does not. */
static const struct {
    const char *prefix;
    const char *why;
} refused[] = {
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
    if (key_is_asked(name))
        return 0;
    if (key_asks_export(name))
        return error_set(error, -EINVAL, "what is behind k8s: must be " KEY_EXPORT_RULE);
    return error_set(error, -EINVAL, "a workload's name must be " NAME_LABEL_RULE);
}

int safe_name_check_namespace(struct span name, struct error *error)
{
    if (!name_is_label(name))
        return error_set(error, -EINVAL, "a namespace must be " NAME_LABEL_RULE);
    return 0;
}
