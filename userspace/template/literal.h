/* SPDX-License-Identifier: BSD-2-Clause */
/* What the quotes and numbers of a template stand for (Go's literals, as strconv reads them). */
#ifndef VSECM_TEMPLATE_LITERAL_H
#define VSECM_TEMPLATE_LITERAL_H

#include <stdint.h>

#include "base/span.h"
#include "template/value.h"

struct pool;

/*
 * "x" or `x` with its quotes, as lex gives it, into POOL. Of a string, bytes that are no UTF-8
 * become U+FFFD; a raw string loses its carriage returns. 0; -EINVAL: no such escape; or
 * pool_error().
 */
int literal_string(struct span text, struct pool *pool, struct span *ret);

/* 'x' with its quotes. 0, or -EINVAL when that is not exactly one rune. */
int literal_rune(struct span text, int64_t *ret);

/*
 * A number: VALUE_INT, or VALUE_FLOAT when it is written with a point or an exponent (or, as Go has
 * it, a sign and hexadecimal with an e). Memory for a while is of POOL. 0; -EINVAL: no number, too
 * large a float, imaginary, or beyond uint64; -ERANGE: above int64 but no more than uint64, which
 * Go minds only when it is evaluated; or pool_error().
 */
int literal_number(struct span text, struct pool *pool, struct value *ret);

#endif
