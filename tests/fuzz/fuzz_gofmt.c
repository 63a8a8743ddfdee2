/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any format, its arguments from JSON: nothing is written beyond the limit, what one way of
 * printing says the others say too, and no escaper lets through what it is there to keep out. The
 * first line of the input is the format, the rest is a JSON array of its arguments.
 */
#include <errno.h>
#include <math.h>

#include "template/escape.h"
#include "template/gofmt.h"
#include "template/quote.h"
#include "template/text.h"
#include "template/value_json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pools.h"

#define OUTPUT (64u * 1024u)
#define TIGHT 40u

/* JSON knows neither int nor uint8: some whole numbers become these, by their value. */
static void vary(struct value *value)
{
    if (value->kind != VALUE_FLOAT || fabs(value->number) > 1e9 ||
        value->number != floor(value->number))
        return;
    long number = (long)value->number;
    if (number % 3 == 0)
        return;
    *value = value_int(number % 3 == 1 ? number & 0xff : number);
    if (number % 3 == 1)
        value->kind = VALUE_BYTE;
}

static void must_be_equal(const struct text *a, const struct text *b)
{
    MUST(a->error == b->error && (a->error || span_equal(text_all(a), text_all(b))));
}

static void print_all(struct pool *pool, struct span format, const struct value *args, size_t count)
{
    struct text wide = text_in(pool, OUTPUT), tight = text_in(pool, TIGHT);
    gofmt_printf(&wide, format, args, count);
    gofmt_printf(&tight, format, args, count);
    MUST(wide.used <= OUTPUT && (wide.error == 0 || wide.error == -E2BIG));
    MUST(tight.used <= TIGHT);
    if (wide.used > TIGHT || wide.error)
        MUST(tight.error == -E2BIG);
    else
        must_be_equal(&wide, &tight);
}

static void print_one(struct pool *pool, const struct value *value)
{
    struct text plain = text_in(pool, OUTPUT), other = text_in(pool, OUTPUT);
    gofmt_value(&plain, value);
    gofmt_printf(&other, SPAN_LITERAL("%v"), value, 1);
    must_be_equal(&plain, &other);
    struct text line = text_in(pool, OUTPUT + 1);
    gofmt_println(&line, value, 1);
    text_byte(&plain, '\n');
    if (!plain.error)
        must_be_equal(&plain, &line);
}

static int has_any(const struct text *text, const char *bytes)
{
    for (size_t i = 0; i < text->used; i++)
        if (strchr(bytes, text->data[i]))
            return 1;
    return 0;
}

static void escape_all(struct pool *pool, struct span text)
{
    struct text html = text_in(pool, OUTPUT), js = html, url = html, quoted = html;
    escape_html(&html, text);
    escape_js(&js, text);
    escape_urlquery(&url, text);
    quote_string(&quoted, text, QUOTE_ASCII);
    MUST(!html.error && !js.error && !url.error && !quoted.error);
    MUST(!has_any(&html, "<>\"'") && !has_any(&js, "<>&=\n\r") && !has_any(&url, " <>&=/?#\"'"));
    for (size_t i = 0; i < quoted.used; i++)
        MUST(quoted.data[i] >= ' ' && quoted.data[i] <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *line = size ? memchr(text, '\n', size) : NULL;
    if (!line)
        return 0;
    struct span format = {text, (size_t)(line - text)};
    struct span rest = {line + 1, size - format.length - 1};
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct value list;
    size_t at;
    MUST(pool);
    escape_all(pool, format);
    if (value_json_read(rest, pool, &list, &at) == 0 && list.kind == VALUE_LIST) {
        struct value *args = pool_alloc(pool, list.list.count * sizeof *args);
        for (size_t i = 0; args && i < list.list.count; i++) {
            args[i] = list.list.items[i];
            vary(&args[i]);
        }
        print_all(pool, format, args, list.list.count);
        print_one(pool, &list);
    }
    pool_free(pool);
    return 0;
}
