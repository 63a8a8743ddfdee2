/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `seal`. */
#include "cli/arguments.h"

#include "base/span.h"
#include "base/str.h"

static const char *take_version(struct arguments *arguments, const char *value)
{
    struct arguments_number *ret = &arguments->of_version;
    if (str_u64(span_of(value), (uint64_t)LIMIT_JSON_NUMBER, &ret->number) || !ret->number)
        return "must be a version: a number from 1 on";
    ret->given = true;
    return NULL;
}

static const char *take_recipient(struct arguments *arguments, const char *value)
{
    if (arguments->recipient_count)
        return "is given twice";
    arguments->recipients[arguments->recipient_count++] = value;
    return NULL;
}

static const char *take_allow_rollback(struct arguments *arguments, const char *value)
{
    (void)value;
    arguments->allow_rollback = true;
    return NULL;
}

const struct arguments_option arguments_seal_version = {
    "version",    0, "N", "its number; a greater one is newer (default: the time in seconds)",
    take_version,
};

const struct arguments_option arguments_seal_recipient = {
    "recipient", 'r', "FILE", "the cluster's recipient, age1..., or a file with it", take_recipient,
};

const struct arguments_option arguments_seal_allow_rollback = {
    "allow-rollback", 0, NULL, "nodes take it even if they know a newer one", take_allow_rollback,
};
