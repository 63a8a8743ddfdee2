/* SPDX-License-Identifier: BSD-2-Clause */
/* Where in a template something is wrong. */
#ifndef VSECM_TEMPLATE_MARK_H
#define VSECM_TEMPLATE_MARK_H

#include <stddef.h>

#include "base/span.h"

struct error;

/*
 * "LINE:COLUMN: " and the text, for offset AT of SOURCE; lines and columns count from 1, columns in
 * runes. Returns CODE. What people wrote into the template may be in the text, data may not.
 */
int mark_error(struct error *error, int code, struct span source, size_t at, const char *format,
               ...) __attribute__((format(printf, 5, 6)));

#endif
