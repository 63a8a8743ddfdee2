/* SPDX-License-Identifier: BSD-2-Clause */
/* One scalar of a YAML document: in which of YAML's ways it is written, and writing it. */
#ifndef VSECM_TEMPLATE_YAML_SCALAR_H
#define VSECM_TEMPLATE_YAML_SCALAR_H

#include <stddef.h>

#include "base/span.h"

struct text;
struct value;

#define YAML_SCALAR_INDENT 4u /* columns of one level */

/* Where the output stands. */
struct yaml_scalar_place {
    struct text *out;
    size_t column;
    int is_blank; /* a blank, or nothing, stands before the next byte */
    int is_fresh; /* the line has nothing in it but blanks and the marks of entries */
};

enum yaml_scalar_style {
    YAML_SCALAR_PLAIN,
    YAML_SCALAR_SINGLE,  /* 'it''s' */
    YAML_SCALAR_DOUBLE,  /* "a\tb" */
    YAML_SCALAR_LITERAL, /* | and the lines as they are */
};

struct yaml_scalar {
    struct span text;
    enum yaml_scalar_style style;
    int is_binary;   /* text is base64 of what was no UTF-8 */
    int is_multiple; /* has line breaks */
};

/* How VALUE, no list and no map, is written. Memory comes from the pool of OUT, which remembers
 * when there is none. */
struct yaml_scalar yaml_scalar_of(const struct value *value, struct text *out);

/* Write it; lines after its first are indented by INDENT. */
void yaml_scalar_write(struct yaml_scalar_place *place, const struct yaml_scalar *scalar,
                       size_t indent);

/* Go to column INDENT: of this line, when nothing else stands in it, or of a new one. */
void yaml_scalar_indent(struct yaml_scalar_place *place, size_t indent);

/* Write MARK, one of YAML's own signs, with a blank before it where NEEDS_BLANK. */
void yaml_scalar_mark(struct yaml_scalar_place *place, const char *mark, int needs_blank);

#endif
