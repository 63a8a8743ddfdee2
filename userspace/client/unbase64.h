/* SPDX-License-Identifier: BSD-2-Clause */
/* Standard base64 with its padding (RFC 4648, section 4), read into memory that is given. */
#ifndef VSECM_CLIENT_UNBASE64_H
#define VSECM_CLIENT_UNBASE64_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Decode LENGTH characters of TEXT to RET, which has room for LENGTH / 4 * 3 bytes. How many they
 * are, or -EINVAL for anything that is not the one spelling of some bytes.
 */
ssize_t unbase64_read(const char *text, size_t length, char *ret);

#endif
