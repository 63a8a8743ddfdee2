/* SPDX-License-Identifier: BSD-2-Clause */
/* What eq, lt and their kin of text/template say of two values. */
#ifndef VSECM_TEMPLATE_COMPARE_H
#define VSECM_TEMPLATE_COMPARE_H

struct value;

/*
 * *ret = A == B. Integers of any kind may meet, and anything may meet nil, which only nil equals.
 * 0, or -EINVAL: of different kinds, or two lists or maps.
 */
int compare_equal(const struct value *a, const struct value *b, int *ret);

/* *ret = A < B. 0, or -EINVAL: they are not both integers, both floats or both strings. */
int compare_less(const struct value *a, const struct value *b, int *ret);

#endif
