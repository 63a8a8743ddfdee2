/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers by a directive of Go's fmt. */
#ifndef VSECM_TEMPLATE_GOFMT_NUMBER_H
#define VSECM_TEMPLATE_GOFMT_NUMBER_H

#include <stdint.h>

struct gofmt_spec;
struct text;

/* Each writes its number, or nothing: then it returns 0, and the verb is none for its type. */
int gofmt_number_int(struct text *out, const struct gofmt_spec *spec, int64_t number);
int gofmt_number_byte(struct text *out, const struct gofmt_spec *spec, uint8_t number);
int gofmt_number_float(struct text *out, const struct gofmt_spec *spec, double number);

#endif
