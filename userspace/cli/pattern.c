/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/pattern.h"

#include "base/error.h"
#include "cli/locked_pool.h"
#include "crypto/random.h"
#include "limits.h"
#include "template/gen.h"
#include "template/pool.h"
#include "template/text.h"

#include <errno.h>

static void fill(void *context, void *ret, size_t length)
{
    (void)context;
    random_bytes(ret, length);
}

int pattern_make(struct span pattern, struct pool **pool, struct span *ret, struct error *error)
{
    struct error why = {""};
    *pool = locked_pool_new(LIMIT_TEMPLATE_MEMORY);
    if (!*pool)
        return error_set(error, -ENOMEM, "out of memory");
    struct text text = text_in(*pool, LIMIT_VALUE);
    int r = gen_write(pattern, fill, NULL, &text, &why);
    if (r) {
        pool_free(*pool);
        return error_set(error, r, "the pattern: %s", why.text);
    }
    *ret = (struct span){text.data, text.used};
    return 0;
}
