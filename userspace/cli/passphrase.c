/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/passphrase.h"

#include "base/error.h"
#include "cli/value.h"
#include "limits.h"

#include <errno.h>
#include <sodium/utils.h>

/* R and VALUE as they came; an empty passphrase is none. */
static int check(int r, struct value *value, struct error *error)
{
    if (r < 0 || value->length)
        return r;
    value_clear(value);
    return error_set(error, -EINVAL, "the passphrase is empty");
}

int passphrase_read(const char *file, struct value *ret, struct error *error)
{
    int r = value_read_kept(file, LIMIT_AGE_PASSPHRASE, ret, error);
    if (!r && ret->length && ret->data[ret->length - 1] == '\n')
        ret->length--;
    return check(r, ret, error);
}

int passphrase_ask(struct value *ret, struct error *error)
{
    int r = value_ask("passphrase (not shown): ", ret, error);
    if (r == -ENXIO)
        return error_set(error, r,
                         "it needs a passphrase, and there is no terminal to ask for it "
                         "at; give it by --passphrase-file");
    return check(r, ret, error);
}

int passphrase_ask_new(struct value *ret, struct error *error)
{
    struct value again;
    int r = value_ask("new passphrase (not shown): ", ret, error);
    if (r == -ENXIO)
        return error_set(error, r,
                         "there is no terminal to ask for a passphrase at; give it by "
                         "--passphrase-file");
    r = check(r, ret, error);
    if (r < 0)
        return r;
    r = value_ask("the same again: ", &again, error);
    if (!r && (again.length != ret->length || sodium_memcmp(again.data, ret->data, ret->length)))
        r = error_set(error, -EINVAL, "the two passphrases differ");
    if (!r)
        value_clear(&again);
    else
        value_clear(ret);
    return r;
}
