/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON into a value, as Go's encoding/json decodes it into an `any` (RFC 8259 with Go's choices).
 */
#ifndef VSECM_TEMPLATE_VALUE_JSON_H
#define VSECM_TEMPLATE_VALUE_JSON_H

#include "base/span.h"
#include "template/value.h"

struct pool;

/*
 * Read TEXT, one JSON value with blanks around it, into POOL. As Go does: of members of one name
 * the last counts; what is no UTF-8 in a string, and half of a surrogate pair, becomes U+FFFD; a
 * number is a float64, and one that does not fit is an error. 0; -EINVAL when TEXT is no JSON or
 * nested beyond LIMIT_TEMPLATE_DEPTH; or pool_error(). *at = the offset where it went wrong.
 */
int value_json_read(struct span text, struct pool *pool, struct value *ret, size_t *at);

#endif
