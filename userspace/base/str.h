/* SPDX-License-Identifier: BSD-2-Clause */
/* Strict readings of text: all of it is used and in range, or it is refused. */
#ifndef VSECM_BASE_STR_H
#define VSECM_BASE_STR_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Decimal digits only, no sign, no space. 0, -EINVAL, or -ERANGE above MAX. */
int str_u64(struct span text, uint64_t max, uint64_t *ret);

/* A number with an optional K, M or G (powers of 1024). Bytes. */
int str_size(struct span text, uint64_t max, uint64_t *ret);

/* A number with ms, s, m, h or d; the unit is required unless the number is 0. Milliseconds. */
int str_duration_ms(struct span text, uint64_t max, uint64_t *ret);

/* "true"/"false", "yes"/"no", "on"/"off". 0 or -EINVAL. */
int str_bool(struct span text, int *ret);

/* Non-zero when LENGTH bytes at DATA are well-formed UTF-8 (RFC 3629: no surrogates, no overlong).
 */
int str_is_utf8(const char *data, size_t length);

/* Where NAME is among the COUNT words of NAMES, none of which is NULL; -EINVAL when it is not. */
int str_index(const char *const *names, size_t count, const char *name);

/* TEXT without spaces and tabs at either end. */
struct span str_trim(struct span text);

/* Copy TEXT into RET of SIZE bytes with a NUL; -ENAMETOOLONG (and RET = "") when it does not fit.
 */
int str_copy(char *ret, size_t size, struct span text);

/* Cut a line off the front of *REST and return it without its end, LF or CRLF. */
struct span str_cut_line(struct span *rest);

#endif
