/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading standard base64 (RFC 4648, section 4); writer.h writes it. */
#ifndef VSECM_BASE_BASE64_H
#define VSECM_BASE_BASE64_H

#include "base/span.h"

/*
 * Decode TEXT, with its padding and nothing else around or inside it, into RET, which has room for
 * TEXT.length / 4 * 3 bytes. The bytes written, or -EINVAL: each sequence of bytes has one spelling
 * only.
 */
long base64_decode(struct span text, char *ret);

#endif
