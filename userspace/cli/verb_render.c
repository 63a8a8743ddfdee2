/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/locked_pool.h"
#include "cli/output.h"
#include "cli/say.h"
#include "cli/template_source.h"
#include "cli/value.h"
#include "limits.h"
#include "template/pool.h"
#include "template/text.h"
#include "template/transform.h"

#include <stdio.h>

static enum verb_exit check_usage(const struct arguments *arguments)
{
    if (arguments->strict && arguments->format)
        return say_failure(VERB_USAGE,
                           "--strict prints what the template makes; it takes no format");
    if (arguments->strict && !arguments->template && !arguments->template_file)
        return say_failure(VERB_USAGE, "--strict needs a template: -t or --template-file");
    return VERB_OK;
}

static enum verb_exit render_strictly(struct span value, struct span template, struct pool *pool)
{
    struct error error = {""};
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    if (transform_strict(value, template, pool, &out, &error))
        return say_failure(VERB_REFUSED, "cannot render: %s", error.text);
    return output_bytes(out.data, out.used);
}

static enum verb_exit render(struct span value, struct span template, const char *format,
                             struct pool *pool)
{
    struct error error = {""};
    struct text out = text_in(pool, LIMIT_TEMPLATE_OUTPUT);
    enum transform_format how = TRANSFORM_JSON;
    if (format)
        transform_format_of(span_of(format), &how); /* read before, with the arguments */
    if (transform(value, template, how, pool, &out, &error))
        return say_failure(VERB_REFUSED, "cannot render: %s", error.text);
    if (error.text[0]) {
        char notice[ERROR_TEXT + 64];
        snprintf(notice, sizeof notice, "the template is not used: %s", error.text);
        say_notice(notice);
    }
    return output_value(out.data, out.used);
}

static enum verb_exit render_value(const struct arguments *arguments, struct span template)
{
    struct error error = {""};
    struct value value;
    const struct value_source source = {.what = "value", .limit = LIMIT_VALUE};
    if (value_read(&source, &value, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    struct pool *pool = locked_pool_new(LIMIT_TEMPLATE_MEMORY);
    const struct span text = {value.data, value.length};
    enum verb_exit status;
    if (!pool)
        status = say_failure(VERB_REFUSED, "out of memory");
    else if (arguments->strict)
        status = render_strictly(text, template, pool);
    else
        status = render(text, template, arguments->format, pool);
    pool_free(pool);
    value_clear(&value);
    return status;
}

static enum verb_exit run(const struct arguments *arguments)
{
    struct template_source template;
    enum verb_exit status = check_usage(arguments);
    if (!status)
        status = template_source_read(arguments, &template);
    if (status)
        return status;
    status = render_value(arguments, template.text);
    template_source_clear(&template);
    return status;
}

static const struct arguments_option *const options[] = {
    &arguments_template, &arguments_template_file, &arguments_format, &arguments_strict, NULL,
};

const struct verb verb_render = {
    .name = "render",
    .operands = "[-t TEMPLATE | --template-file FILE] [-f FORMAT | --strict]",
    .summary = "Shape the value at standard input by a template",
    .help =
        "The template is one of Go's text/template, the value a JSON object. As the daemon does,\n"
        "what does not fit leaves the value as it is; standard error tells why. With --strict\n"
        "exactly what the template makes is printed, or nothing, and the exit status is 1.\n"
        "Nothing is sent anywhere.\n",
    .options = options,
    .run = run,
};
