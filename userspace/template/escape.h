/* SPDX-License-Identifier: BSD-2-Clause */
/* What text/template's html, js and urlquery do to text, byte for byte. */
#ifndef VSECM_TEMPLATE_ESCAPE_H
#define VSECM_TEMPLATE_ESCAPE_H

#include "base/span.h"

struct text;

/* template.HTMLEscapeString: quotes, &, < and > as references; NUL as U+FFFD. */
void escape_html(struct text *out, struct span in);

/* template.JSEscapeString. Bytes that are no UTF-8 stay as they are. */
void escape_js(struct text *out, struct span in);

/* url.QueryEscape: a blank becomes '+', what is not unreserved (RFC 3986, 2.3) %XX. */
void escape_urlquery(struct text *out, struct span in);

#endif
