/* SPDX-License-Identifier: BSD-2-Clause */
/* Widths of Go's fmt: what has been written is filled up afterwards. */
#ifndef VSECM_TEMPLATE_GOFMT_PAD_H
#define VSECM_TEMPLATE_GOFMT_PAD_H

#include <stddef.h>

struct gofmt_spec;
struct text;

/* COUNT times BYTE before what stands at offset AT of OUT. */
void gofmt_pad_insert(struct text *out, size_t at, char byte, size_t count);

/* Fill what OUT holds from offset START on up to spec->width runes with blanks, on the side that
 * SPEC says. */
void gofmt_pad_blanks(struct text *out, const struct gofmt_spec *spec, size_t start);

/* The same, but with zeros where SPEC asks for them. */
void gofmt_pad(struct text *out, const struct gofmt_spec *spec, size_t start);

#endif
