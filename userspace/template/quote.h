/* SPDX-License-Identifier: BSD-2-Clause */
/* Go's string and rune literals, as strconv writes them. */
#ifndef VSECM_TEMPLATE_QUOTE_H
#define VSECM_TEMPLATE_QUOTE_H

#include <stdint.h>

#include "base/span.h"

struct text;

enum quote_runes {
    QUOTE_PRINTABLE, /* what is printable stays as it is: strconv.Quote, QuoteRune */
    QUOTE_ASCII,     /* only printable ASCII does: QuoteToASCII, QuoteRuneToASCII */
};

/* IN, any bytes, between double quotes. */
void quote_string(struct text *out, struct span in, enum quote_runes runes);

/* RUNE between single quotes; what is no rune becomes U+FFFD. */
void quote_rune(struct text *out, uint32_t rune, enum quote_runes runes);

/* Non-zero when IN can stand between backquotes as it is: strconv.CanBackquote. */
int quote_can_be_raw(struct span in);

#endif
