/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/locked_pool.h"
#include "cli/output.h"
#include "cli/say.h"
#include "crypto/random.h"
#include "limits.h"
#include "template/gen.h"
#include "template/pool.h"
#include "template/text.h"

static void fill(void *context, void *ret, size_t length)
{
    (void)context;
    random_bytes(ret, length);
}

static enum verb_exit generate(const char *pattern, struct pool *pool)
{
    struct error error = {""};
    struct text value = text_in(pool, LIMIT_VALUE);
    if (gen_write(span_of(pattern), fill, NULL, &value, &error))
        return say_failure(VERB_REFUSED, "the pattern: %s", error.text);
    return output_value(value.data, value.used);
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct pool *pool = locked_pool_new(LIMIT_TEMPLATE_MEMORY);
    if (!pool)
        return say_failure(VERB_REFUSED, "out of memory");
    enum verb_exit status = generate(arguments->operands[0], pool);
    pool_free(pool);
    return status;
}

const struct verb verb_generate = {
    .name = "generate",
    .operands = "PATTERN",
    .summary = "Print a random value made by a pattern",
    .help =
        "[ranges]{N} in the pattern becomes N random characters, anything else stays as it is:\n"
        "    vsecm generate '{\"user\":\"app-[a-z0-9]{6}\",\"password\":\"[\\w]{24}\"}'\n"
        "Ranges are a-z, A-Z, a-Z (all letters), 0-9 or parts of these, both ends included, and\n"
        "single letters and digits; \\w is letters, digits and symbols, \\d digits, \\x symbols.\n",
    .least = 1,
    .most = 1,
    .run = run,
};
