/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/options.h"

#include "base/span.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 18

/* Where the value of ARGUMENT begins if it is this OPTION: "" for a switch. NULL: it is not. */
static const char *value_in(const struct option *option, const char *argument)
{
    size_t length = strlen(option->name);

    if (strncmp(argument, "--", 2) != 0 || strncmp(argument + 2, option->name, length) != 0)
        return NULL;
    const char *rest = argument + 2 + length;
    if (!option->value)
        return *rest == '\0' ? rest : NULL;
    return rest[0] == '=' && rest[1] ? rest + 1 : NULL;
}

static int take(const struct option *options, size_t count, void *settings, const char *argument,
                struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = value_in(&options[i], argument);
        struct error why = {{0}};

        if (!value)
            continue;
        int r = options[i].set(settings, options[i].value ? value : NULL, &why);
        if (r)
            error_set(error, r, "%s: %s", argument,
                      why.text[0] ? why.text : "no such value; see --help");
        return r;
    }
    return error_set(error, -EINVAL, "%s: no such option or value; see --help", argument);
}

int options_take(const struct option *options, size_t count, void *settings, char **arguments,
                 struct error *error)
{
    int r = 0;

    for (; *arguments && r == 0; arguments++)
        r = take(options, count, settings, *arguments, error);
    return r;
}

int options_number(const char *value, unsigned max, unsigned *ret, struct error *error)
{
    uint64_t number;

    if (str_u64(span_of(value), max, &number) || number == 0)
        return error_set(error, -EINVAL, "must be 1..%u", max);
    *ret = (unsigned)number;
    return 0;
}

void options_print(const struct option *options, size_t count)
{
    char name[64];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof(name), "%s%s%s", options[i].name, options[i].value ? "=" : "",
                 options[i].value ? options[i].value : "");
        printf("  --%-*s %s\n", NAME_WIDTH, name, options[i].help);
    }
}
