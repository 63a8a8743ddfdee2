/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/translate.h"

#include <errno.h>

#include "base/error.h"
#include "wire/wire.h"

int translate_check(const struct wire_message *message, struct error *error)
{
    size_t which;
    if (wire_fits(message, &which))
        return 0;
    return error_set(error, -EINVAL, "field %zu of %s would have %zu bytes, which is too many",
                     which, wire_name(message->kind), message->field[which].length);
}
