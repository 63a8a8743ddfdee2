/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/shape.h"

#include <errno.h>

#include "base/error.h"
#include "crypto/arena.h"
#include "crypto/secret.h"
#include "limits.h"
#include "store/answer.h"
#include "template/pool.h"
#include "template/text.h"
#include "template/transform.h"

static void *take(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void give(void *context, void *block)
{
    arena_free(context, block);
}

int shape_is_format(struct span text)
{
    enum transform_format format;
    return transform_format_of(text, &format) == 0;
}

int shape_is_plain(struct span template, struct span format)
{
    return !template.length && !span_is(format, "yaml");
}

/* What did not fit is served as it was stored; so is what met a limit. */
static struct span result_of(int r, struct span value, const struct text *out)
{
    return r == 0 && out->used ? text_all(out) : value;
}

static int keep(struct arena *arena, struct span bytes, struct secret **ret)
{
    *ret = secret_new(arena, bytes.length);
    if (!*ret)
        return -ENOSPC;
    memcpy((*ret)->data, bytes.data, bytes.length);
    return 0;
}

int shape_value(struct arena *arena, struct span value, struct span template, struct span format,
                struct secret **ret, struct error *error)
{
    struct error why = {""};
    enum transform_format how = TRANSFORM_JSON; /* where only a template is given */
    if (format.length)
        transform_format_of(format, &how);
    struct pool *pool = pool_new(&(struct pool_source){take, give, arena}, LIMIT_TEMPLATE_MEMORY);
    if (!pool)
        return -ENOSPC;
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    int r = transform(value, template, how, pool, &out, &why);
    int kept = r == -ENOSPC ? r : keep(arena, result_of(r, value, &out), ret);
    pool_free(pool);
    if (error)
        *error = why;
    return kept;
}

int shape_render(struct arena *arena, struct span value, struct span template, struct span format,
                 struct store_version *version)
{
    struct secret *shaped = NULL;
    if (shape_is_plain(template, format))
        return answer_render(arena, value, version);
    int r = shape_value(arena, value, template, format, &shaped, NULL);
    if (r < 0)
        return r;
    r = answer_render(arena, (struct span){shaped->data, shaped->length}, version);
    secret_unref(shaped);
    return r;
}
