/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/transform.h"

#include <errno.h>

#include "base/error.h"
#include "limits.h"
#include "template/engine.h"
#include "template/pool.h"
#include "template/text.h"
#include "template/value.h"
#include "template/value_json.h"
#include "template/yaml.h"

int transform_format_of(struct span name, enum transform_format *ret)
{
    static const char *const names[] = {
        [TRANSFORM_JSON] = "json", [TRANSFORM_YAML] = "yaml", [TRANSFORM_RAW] = "raw"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (span_is(name, names[i])) {
            *ret = (enum transform_format)i;
            return 0;
        }
    return -EINVAL;
}

static int over(int r, struct error *error)
{
    if (r == -ENOSPC)
        return error_set(error, r, "there is no memory for it");
    return error_set(error, r,
                     "the result is larger than %u KiB, or takes more than %u MiB to make",
                     LIMIT_TEMPLATE_OUTPUT >> 10, LIMIT_TEMPLATE_MEMORY >> 20);
}

/* 1 and *ret when TEXT is a JSON object, 0 when it is none, or a limit. */
static int read_object(struct span text, struct pool *pool, struct value *ret)
{
    size_t at;
    int r = value_json_read(text, pool, ret, &at);
    if (r < 0)
        return r == -EINVAL ? 0 : r;
    return ret->kind == VALUE_MAP;
}

static int check_template(struct span template, struct error *error)
{
    if (template.length > LIMIT_TEMPLATE)
        return error_set(error, -E2BIG, "the template is larger than %u KiB", LIMIT_TEMPLATE >> 10);
    return 0;
}

/* Blanks around JSON mean nothing. */
static struct span trim(struct span text)
{
    static const char blanks[] = " \t\r\n";
    while (text.length && memchr(blanks, text.data[0], sizeof blanks - 1))
        text = (struct span){text.data + 1, text.length - 1};
    while (text.length && memchr(blanks, text.data[text.length - 1], sizeof blanks - 1))
        text.length--;
    return text;
}

/*
 * *text, the value, becomes what TEMPLATE makes of it, or stays; *object is what it holds as JSON
 * when *is_object.
 */
static int render(struct span template, struct pool *pool, size_t limit, struct span *text,
                  struct value *object, int *is_object, struct error *error)
{
    struct text rendered = text_in(pool, limit);
    if (!*is_object) {
        error_set(error, 0, "the value is no JSON object");
        return 0;
    }
    int r = engine_run(template, object, pool, &rendered, error);
    if (r < 0)
        return r == -EINVAL ? 0 : r;
    error_set(error, 0, "%s", "");
    *text = text_all(&rendered);
    *is_object = read_object(*text, pool, object);
    return *is_object < 0 ? over(*is_object, error) : 0;
}

/* TEXT, empty or not what the format asks for, gives way to VALUE. */
static int fall_back(struct span value, const char *why, struct text *out, struct error *error)
{
    error_set(error, 0, "%s", why);
    text_span(out, value);
    return out->error;
}

int transform(struct span value, struct span template, enum transform_format format,
              struct pool *pool, struct text *out, struct error *error)
{
    struct value object;
    error_set(error, 0, "%s", "");
    if (!value.length)
        return error_set(error, -EINVAL, "there is no value");
    int r = check_template(template, error), is_object = 0;
    if (!r && (is_object = read_object(value, pool, &object)) < 0)
        r = over(is_object, error);
    if (r < 0)
        return r;
    struct span text = value = is_object ? trim(value) : value;
    if (template.length)
        r = render(template, pool, out->limit, &text, &object, &is_object, error);
    if (r < 0)
        return r;
    if (!text.length)
        return fall_back(value, "the template makes nothing of it", out, error);
    if (format == TRANSFORM_JSON && !is_object && text.data != value.data)
        return fall_back(value, "what the template makes of it is no JSON object", out, error);
    if (format == TRANSFORM_YAML && is_object)
        r = yaml_write(out, &object);
    else
        text_span(out, text);
    return r || out->error ? over(out->error ? out->error : r, error) : 0;
}

int transform_strict(struct span value, struct span template, struct pool *pool, struct text *out,
                     struct error *error)
{
    struct value data;
    size_t at;
    error_set(error, 0, "%s", "");
    int r = check_template(template, error);
    if (r < 0)
        return r;
    r = value_json_read(value, pool, &data, &at);
    if (r == -EINVAL)
        return error_set(error, r, "the value is no JSON: see its byte %zu", at + 1);
    return r < 0 ? over(r, error) : engine_run(template, &data, pool, out, error);
}
