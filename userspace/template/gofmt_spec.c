/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/gofmt_spec.h"

#include "template/text.h"
#include "template/utf8.h"
#include "template/value.h"

#define LARGE 1000000 /* Go's: a width or precision beyond it is none */

struct gofmt_spec gofmt_spec_default(void)
{
    return (struct gofmt_spec){.verb = 'v', .precision = GOFMT_SPEC_NONE};
}

static int is_next(const struct gofmt_spec_reader *reader, char c)
{
    return reader->rest.length && reader->rest.data[0] == c;
}

static void skip(struct gofmt_spec_reader *reader, size_t length)
{
    reader->rest.data += length;
    reader->rest.length -= length;
}

static void read_flags(struct gofmt_spec_reader *reader, struct gofmt_spec *ret)
{
    for (; reader->rest.length; skip(reader, 1)) {
        switch (reader->rest.data[0]) {
        case '-': ret->minus = 1; break;
        case '+': ret->plus = 1; break;
        case '#': ret->sharp = 1; break;
        case ' ': ret->space = 1; break;
        case '0': ret->zero = 1; break;
        default: return;
        }
    }
}

/*
 * The number at the front of TEXT. The bytes of it, 0 when there is none. Of one that is far too
 * long nothing is read, but *length is all of TEXT: Go gives up on what follows as well.
 */
static int read_number(struct span text, size_t *length, int *ret)
{
    int number = 0;
    size_t i = 0;
    for (; i < text.length && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        if (number > LARGE) {
            *length = text.length;
            return 0;
        }
        number = number * 10 + (text.data[i] - '0');
    }
    *length = i;
    *ret = number;
    return i > 0;
}

/* What stands between brackets, when it is a number of an argument: that argument is next. Non-zero
 * when there was a number, of an argument or not. */
static int read_index(struct gofmt_spec_reader *reader, struct gofmt_spec *spec)
{
    if (!is_next(reader, '['))
        return 0;
    reader->reordered = 1;
    const char *close =
        reader->rest.length < 3 ? NULL : memchr(reader->rest.data, ']', reader->rest.length);
    if (!close) {
        spec->is_bad_index = 1;
        skip(reader, 1);
        return 0;
    }
    struct span inside = {reader->rest.data + 1, (size_t)(close - reader->rest.data) - 1};
    size_t length;
    int number, is_number = read_number(inside, &length, &number) && length == inside.length;
    skip(reader, inside.length + 2);
    if (is_number && number >= 1 && (size_t)number <= reader->count)
        reader->next = (size_t)number - 1;
    else
        spec->is_bad_index = 1;
    return is_number;
}

/* The next argument as a width or precision: non-zero when it can be one. */
static int take_number(struct gofmt_spec_reader *reader, int *ret)
{
    if (reader->next >= reader->count)
        return 0;
    const struct value *arg = &reader->args[reader->next++];
    if ((arg->kind != VALUE_INT && arg->kind != VALUE_BYTE) || arg->integer > LARGE ||
        arg->integer < -LARGE)
        return 0;
    *ret = (int)arg->integer;
    return 1;
}

static void read_width(struct gofmt_spec_reader *reader, struct text *out, struct gofmt_spec *ret,
                       int *after_index)
{
    size_t length;
    if (!is_next(reader, '*')) {
        if (read_number(reader->rest, &length, &ret->width) && *after_index)
            ret->is_bad_index = 1;
        skip(reader, length);
        return;
    }
    skip(reader, 1);
    *after_index = 0;
    if (!take_number(reader, &ret->width))
        text_add(out, "%!(BADWIDTH)");
    if (ret->width < 0) {
        ret->width = -ret->width;
        ret->minus = 1;
        ret->zero = 0;
    }
}

static void read_precision(struct gofmt_spec_reader *reader, struct text *out,
                           struct gofmt_spec *ret, int *after_index)
{
    size_t length;
    /* A point that ends the format is taken for a verb. */
    if (!is_next(reader, '.') || reader->rest.length < 2)
        return;
    skip(reader, 1);
    if (*after_index)
        ret->is_bad_index = 1;
    *after_index = read_index(reader, ret);
    if (is_next(reader, '*')) {
        skip(reader, 1);
        *after_index = 0;
        if (!take_number(reader, &ret->precision) || ret->precision < 0) {
            ret->precision = GOFMT_SPEC_NONE;
            text_add(out, "%!(BADPREC)");
        }
        return;
    }
    if (!read_number(reader->rest, &length, &ret->precision))
        ret->precision = 0;
    skip(reader, length);
}

int gofmt_spec_read(struct gofmt_spec_reader *reader, struct text *out, struct gofmt_spec *ret)
{
    *ret = (struct gofmt_spec){.precision = GOFMT_SPEC_NONE};
    read_flags(reader, ret);
    int after_index = read_index(reader, ret);
    read_width(reader, out, ret, &after_index);
    read_precision(reader, out, ret, &after_index);
    if (!after_index)
        read_index(reader, ret);
    if (!reader->rest.length)
        return 0;
    skip(reader, utf8_decode(reader->rest, &ret->verb));
    if (ret->verb == 'v' || ret->verb == 'w') {
        ret->go_syntax = ret->sharp;
        ret->sharp = ret->plus = 0;
    }
    return 1;
}
