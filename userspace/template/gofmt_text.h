/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings by a directive of Go's fmt. */
#ifndef VSECM_TEMPLATE_GOFMT_TEXT_H
#define VSECM_TEMPLATE_GOFMT_TEXT_H

#include "base/span.h"

struct gofmt_spec;
struct text;

/* STRING by v, s, x, X or q. Non-zero, or 0 with nothing written: the verb is none for strings. */
int gofmt_text(struct text *out, const struct gofmt_spec *spec, struct span string);

/* WORD as %s of SPEC without its precision: what stands for true, false and nil. */
void gofmt_text_word(struct text *out, const struct gofmt_spec *spec, const char *word);

#endif
