/* SPDX-License-Identifier: BSD-2-Clause */
/* Percent-encoding of names in request targets (RFC 3986). */
#ifndef VSECM_CLIENT_PERCENT_H
#define VSECM_CLIENT_PERCENT_H

#include <stddef.h>

/*
 * Write PREFIX as it is and NAME encoded, '/' included, to RET of SIZE bytes, with a NUL. Returns 0
 * or -ENAMETOOLONG; then RET means nothing.
 */
int percent_encode(const char *prefix, const char *name, char *ret, size_t size);

#endif
