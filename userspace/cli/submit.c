/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/submit.h"

#include "cli/call.h"
#include "cli/encode.h"
#include "cli/say.h"

enum verb_exit submit_body(const struct arguments *arguments, const struct submit *what,
                           struct exchange_answer *ret)
{
    struct encode encoded;
    if (encode_with(what->write, what->argument, &encoded))
        return say_failure(VERB_REFUSED, "out of memory");
    const struct exchange_request request = {
        .method = what->method,
        .target = what->target,
        .body = encoded.data,
        .length = encoded.length,
        .limit = what->limit,
    };
    enum verb_exit status = call_admin(arguments, &request, ret);
    encode_clear(&encoded);
    return status;
}
