/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/template_source.h"

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/say.h"
#include "limits.h"

#include <string.h>

enum verb_exit template_source_read(const struct arguments *arguments, struct template_source *ret)
{
    struct error error = {""};
    *ret = (struct template_source){.text = {"", 0}};
    if (arguments->template && arguments->template_file)
        return say_failure(VERB_USAGE, "-t and --template-file are two templates; give one");
    if (arguments->template)
        ret->text = span_of(arguments->template);
    if (!arguments->template_file)
        return VERB_OK;
    if (strcmp(arguments->template_file, "-") == 0)
        return say_failure(VERB_USAGE,
                           "standard input is the value; the template cannot be it, too");
    const struct value_source source = {
        .file = arguments->template_file, .what = "template", .limit = LIMIT_TEMPLATE};
    if (value_read(&source, &ret->file, &error))
        return say_failure(VERB_REFUSED, "%s", error.text);
    ret->text = (struct span){ret->file.data, ret->file.length};
    return VERB_OK;
}

void template_source_clear(struct template_source *source)
{
    if (source->file.data)
        value_clear(&source->file);
    source->text = (struct span){"", 0};
}
