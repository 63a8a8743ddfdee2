/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/pattern.h"
#include "cli/say.h"
#include "template/pool.h"

static enum verb_exit run(const struct arguments *arguments)
{
    struct error error = {""};
    struct pool *pool;
    struct span value;
    if (pattern_make(span_of(arguments->operands[0]), &pool, &value, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    enum verb_exit status = output_value(value.data, value.length);
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
