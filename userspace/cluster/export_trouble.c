/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/export_trouble.h"

#include <errno.h>
#include <stddef.h>

/* The texts are ours: what the API server writes may have a part of the value in it. */
static const struct {
    struct export_trouble trouble;
    int result; /* of ours; 0: vsecm-sync's only */
} rows[] = {
    {{"foreign", 1, 1, "there is a Secret of that name that others made; put it with --adopt"}, 0},
    {{"invalid", 1, 1, "the API server takes it for wrong"}, 0},
    {{"bad-name", 1, 1, "the value has a member whose name no Kubernetes Secret takes"}, -EINVAL},
    {{"too-large", 1, 1, "the value is larger than a Kubernetes Secret may be"}, -EFBIG},
    {{"too-large", 1, 1, "the value is larger than a Kubernetes Secret may be"}, -EMSGSIZE},
    {{"forbidden", 0, 1, "vsecm-sync may not write Secrets in this namespace"}, 0},
    {{"missing", 0, 1, "there is no such namespace"}, 0},
    {{"conflict", 0, 0, "it was changed by somebody else meanwhile"}, 0},
    {{"full", 0, 0, "the secret memory is full"}, -ENOSPC},
    {{"no-memory", 0, 0, "out of memory"}, -ENOMEM},
    {{"unrecorded", 0, 0, "the audit record could not be kept"}, -EIO},
    {{"damaged", 0, 0, "its record in the log is not what was stored"}, -EBADMSG},
    {{"unreachable", 0, 0, "the API server cannot be reached"}, 0},
};

#define LAST (sizeof rows / sizeof rows[0] - 1)

const struct export_trouble *export_trouble_of(struct span code)
{
    size_t i = 0;
    while (i < LAST && !span_is(code, rows[i].trouble.code))
        i++;
    return &rows[i].trouble;
}

const struct export_trouble *export_trouble_here(int result)
{
    size_t i = 0;
    while (i < LAST && rows[i].result != result)
        i++;
    return &rows[i].trouble;
}
