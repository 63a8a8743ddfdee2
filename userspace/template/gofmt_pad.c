/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/gofmt_pad.h"

#include <string.h>

#include "template/gofmt_spec.h"
#include "template/text.h"
#include "template/utf8.h"

void gofmt_pad_insert(struct text *out, size_t at, char byte, size_t count)
{
    size_t behind = out->used - at;
    text_fill(out, byte, count);
    if (out->error || !count)
        return;
    memmove(out->data + at + count, out->data + at, behind);
    memset(out->data + at, byte, count);
}

static void pad_with(struct text *out, const struct gofmt_spec *spec, size_t start, char byte)
{
    if (spec->width == 0 || out->error)
        return;
    struct span all = text_all(out);
    size_t runes = utf8_count((struct span){all.data + start, all.length - start});
    size_t width = (size_t)spec->width;
    if (runes < width)
        gofmt_pad_insert(out, spec->minus ? out->used : start, byte, width - runes);
}

void gofmt_pad_blanks(struct text *out, const struct gofmt_spec *spec, size_t start)
{
    pad_with(out, spec, start, ' ');
}

void gofmt_pad(struct text *out, const struct gofmt_spec *spec, size_t start)
{
    pad_with(out, spec, start, spec->zero && !spec->minus ? '0' : ' ');
}
