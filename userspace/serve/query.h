/* SPDX-License-Identifier: BSD-2-Clause */
/* The query of a request target, `name=value&name=value`, percent-encoded (RFC 3986). */
#ifndef VSECM_SERVE_QUERY_H
#define VSECM_SERVE_QUERY_H

#include <stddef.h>

#include "base/span.h"

struct query_field {
    char name[32];
    char value[512];
};

/*
 * Cut the next field off the front of *QUERY. 1 with *ret, 0 at the end, or -EINVAL: badly encoded,
 * or longer than any of ours.
 */
int query_next(struct span *query, struct query_field *ret);

#endif
