/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/identities.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/say.h"
#include "cli/value.h"

#include <errno.h>
#include <sys/stat.h>

/* Add what FILE has, or standard input when it is NULL. */
static int add(const char *file, struct identities *ret, struct error *error)
{
    const char *name = file ? file : "standard input";
    struct value text;
    size_t count = 0;
    unsigned line = 0;
    int r = value_read_kept(file, LIMIT_AGE_KEY_FILE, &text, error);
    if (r < 0)
        return r;
    r = age_key_read_file((struct span){text.data, text.length}, ret->keys + ret->count,
                          LIMIT_AGE_IDENTITIES - ret->count, &count, &line);
    value_clear(&text);
    ret->count += count;
    if (r == -EINVAL)
        return error_set(error, r, "%s: line %u is no identity (AGE-SECRET-KEY-1...)", name, line);
    if (r == -ENOENT)
        return error_set(error, r, "%s has no identity in it; `vsecm keygen` makes one", name);
    if (r == -E2BIG)
        return error_set(error, r, "%s: more than %u identities in all", name,
                         LIMIT_AGE_IDENTITIES);
    return r;
}

static void warn(const char *file)
{
    struct stat st;
    if (stat(file, &st) == 0 && st.st_mode & (S_IRGRP | S_IROTH))
        say_failure(VERB_OK, "warning: %s can be read by others; chmod 600 it", file);
}

int identities_read(const struct arguments *arguments, struct identities *ret, struct error *error)
{
    ret->count = 0;
    for (size_t i = 0; i < arguments->identity_count; i++) {
        int r = add(arguments->identities[i], ret, error);
        if (r < 0)
            return r;
        warn(arguments->identities[i]);
    }
    return 0;
}

int identities_read_input(struct identities *ret, struct error *error)
{
    ret->count = 0;
    return add(NULL, ret, error);
}
