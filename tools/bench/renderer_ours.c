/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/renderer.h"

#include "base/clock.h"
#include "base/span.h"
#include "crypto/arena.h"
#include "limits.h"
#include "template/engine.h"
#include "template/pool.h"
#include "template/text.h"
#include "template/transform.h"
#include "template/value.h"
#include "template/value_json.h"

#include <errno.h>
#include <string.h>

#define ARENA_BYTES (4u * 1024u * 1024u)

/* What RENDER_EXECUTE has parsed before. */
struct parsed {
    struct engine engine;
    struct value data;
};

static void *take(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void give(void *context, void *block)
{
    arena_free(context, block);
}

static struct pool *new_pool(struct arena *arena)
{
    return pool_new(&(struct pool_source){take, give, arena}, LIMIT_TEMPLATE_MEMORY);
}

static int parse(const struct renderer *renderer, struct pool *pool, struct parsed *ret,
                 struct error *error)
{
    size_t at;
    int r = value_json_read(span_of(renderer->value), pool, &ret->data, &at);

    if (r)
        return error_errno(error, r, "the value");
    return engine_parse(span_of(renderer->template), pool, &ret->engine, error);
}

static int render(struct renderer *renderer, const struct parsed *parsed, struct arena *arena,
                  struct error *error)
{
    struct pool *pool = new_pool(arena);

    if (!pool)
        return error_errno(error, -ENOSPC, "arena");
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    int r = renderer->kind == RENDER_WHOLE
                ? transform_strict(span_of(renderer->value), span_of(renderer->template), pool,
                                   &out, error)
                : engine_execute(&parsed->engine, &parsed->data, pool, &out, error);
    if (r == 0 && out.used > sizeof(renderer->output))
        r = error_set(error, -EMSGSIZE, "an output of %zu bytes", out.used);
    if (r == 0) {
        renderer->length = out.used;
        memcpy(renderer->output, out.data, out.used);
    }
    pool_free(pool);
    return r;
}

static int render_all(struct renderer *renderer, const struct parsed *parsed, struct arena *arena,
                      struct error *error)
{
    int r = 0;

    for (unsigned i = 0; i < renderer->times / RENDERER_WARMUP && r == 0; i++)
        r = render(renderer, parsed, arena, error);
    uint64_t began = clock_mono_ns();
    for (unsigned i = 0; i < renderer->times && r == 0; i++)
        r = render(renderer, parsed, arena, error);
    renderer->elapsed_ns = clock_mono_ns() - began;
    return r;
}

int renderer_ours(void *shared, struct error *error)
{
    struct renderer *renderer = shared;
    struct arena *arena = NULL;
    struct parsed parsed;
    int r = arena_new(ARENA_BYTES, ARENA_AUTO, &arena, error);

    if (r)
        return r;
    struct pool *pool = new_pool(arena);
    r = pool ? parse(renderer, pool, &parsed, error) : error_errno(error, -ENOSPC, "arena");
    if (r == 0)
        r = render_all(renderer, &parsed, arena, error);
    pool_free(pool);
    arena_destroy(arena);
    return r;
}
