/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes that a JSON string holds as they are: most of any value, so they are passed by in
 * eights. */
#ifndef VSECM_BASE_PLAIN_H
#define VSECM_BASE_PLAIN_H

#include <stddef.h>

/*
 * How many of the LENGTH bytes at DATA, from the first one on, are ASCII without control
 * characters (DEL is one), quotes and backslashes (RFC 8259, section 7).
 */
size_t plain_run(const char *data, size_t length);

#endif
