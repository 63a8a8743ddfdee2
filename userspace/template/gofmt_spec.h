/* SPDX-License-Identifier: BSD-2-Clause */
/* One directive of a format of Go's fmt: "%[2]*.3d" and the like. */
#ifndef VSECM_TEMPLATE_GOFMT_SPEC_H
#define VSECM_TEMPLATE_GOFMT_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct text;
struct value;

#define GOFMT_SPEC_NONE (-1) /* no precision was given */

struct gofmt_spec {
    uint32_t verb;
    int minus, plus, sharp, space, zero;
    int go_syntax;    /* %#v: "sharp" of other verbs is another thing */
    int width;        /* 0: none */
    int precision;    /* or GOFMT_SPEC_NONE */
    int is_bad_index; /* it asks for an argument that there is not, or in a wrong place */
};

/* A walk over a format and the arguments that its directives take. */
struct gofmt_spec_reader {
    struct span rest; /* of the format */
    const struct value *args;
    size_t count, next; /* of args */
    int reordered;      /* some directive had an index */
};

/*
 * Read the directive at the front of reader->rest, behind its '%'. What fmt says of a width or
 * precision that an argument cannot be goes to OUT. Non-zero when it has a verb; 0 when the format
 * ended before, or should have: a number that is far too long takes the rest with it.
 */
int gofmt_spec_read(struct gofmt_spec_reader *reader, struct text *out, struct gofmt_spec *ret);

/* Plain %v. */
struct gofmt_spec gofmt_spec_default(void);

#endif
