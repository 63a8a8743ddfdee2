/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go's package fmt for values: the same bytes, for every verb and flag. One thing differs: %p of a
 * list or a map, which in Go is an address, is answered as any verb that does not fit:
 * %!p([]interface {}=[1 2]). A value of VALUE_NONE is nil.
 */
#ifndef VSECM_TEMPLATE_GOFMT_H
#define VSECM_TEMPLATE_GOFMT_H

#include <stddef.h>

#include "base/span.h"

struct text;
struct value;

/* None of these fails: what is wrong with a format is said in OUT, as %!d(string=hi). */

/* fmt.Sprint: a blank between two arguments when neither is a string. */
void gofmt_print(struct text *out, const struct value *args, size_t count);

/* fmt.Sprintln: a blank between any two, a newline at the end. */
void gofmt_println(struct text *out, const struct value *args, size_t count);

/* fmt.Sprintf. */
void gofmt_printf(struct text *out, struct span format, const struct value *args, size_t count);

/* VALUE as %v writes it. */
void gofmt_value(struct text *out, const struct value *value);

#endif
