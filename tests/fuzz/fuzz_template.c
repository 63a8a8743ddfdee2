/* SPDX-License-Identifier: BSD-2-Clause */
/* Templates on JSON, both of strangers: it ends, in time, within its memory and with a reason.
 * Up to the first NUL the input is the template, behind it the JSON. */
#include <errno.h>

#include "base/clock.h"
#include "base/error.h"
#include "limits.h"
#include "template/engine.h"
#include "template/pool.h"
#include "template/text.h"
#include "template/value_json.h"
#include "tests/fuzz/fuzz.h"

#define OUTPUT 4096u           /* bytes, so that the limit is met */
#define SLOWEST_NS 1000000000u /* far above the limit: sanitizers are slow */

static void *take(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void give(void *context, void *block)
{
    (void)context;
    free(block);
}

static void run(struct span template, const struct value *data, struct pool *pool)
{
    struct error error = {""};
    struct text out = text_in(pool, OUTPUT);
    uint64_t before = clock_mono_ns();
    int r = engine_run(template, data, pool, &out, &error);
    MUST(clock_mono_ns() - before < SLOWEST_NS);
    MUST(r == 0 || r == -EINVAL || r == -E2BIG || r == -ETIME);
    MUST((r < 0) == (error.text[0] != '\0'));
    MUST(out.used <= OUTPUT && (r < 0 || out.error == 0));
    MUST(pool_used(pool) <= LIMIT_TEMPLATE_MEMORY);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *nul = size ? memchr(text, '\0', size) : NULL;
    size_t length = nul ? (size_t)(nul - text) : size, start = nul ? length + 1 : size;
    struct pool *pool = pool_new(&(struct pool_source){take, give, NULL}, LIMIT_TEMPLATE_MEMORY);
    struct value value;
    size_t at;
    if (value_json_read((struct span){text + start, size - start}, pool, &value, &at) < 0)
        value = value_nil();
    run((struct span){text, length}, &value, pool);
    pool_free(pool);
    return 0;
}
