/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/binding.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/name.h"
#include "identity/fields.h"
#include "limits.h"

struct rule {
    struct span workload;
    struct fields when;
};

struct bindings {
    char *text; /* of the file; every span points into it */
    size_t count;
    struct rule *rules;
};

static int read_rule(struct bindings *bindings, struct span line, struct error *error)
{
    if (bindings->count == LIMIT_BINDINGS)
        return error_set(error, -EINVAL, "more than %u rules", LIMIT_BINDINGS);
    size_t size = (bindings->count + 1) * sizeof *bindings->rules;
    struct rule *rules = realloc(bindings->rules, size);
    if (!rules)
        return error_set(error, -ENOMEM, "out of memory");
    bindings->rules = rules;
    struct rule *rule = &rules[bindings->count];
    file_next_word(&line, &rule->workload);
    if (!name_is_label(rule->workload))
        return error_set(error, -EINVAL, "workload '%.*s' must be " NAME_LABEL_RULE,
                         (int)rule->workload.length, rule->workload.data);
    int r = fields_read(line, &rule->when, error);
    if (r < 0)
        return r;
    if (rule->when.workload.length || rule->when.pod.length)
        return error_set(error, -EINVAL,
                         "a rule matches by namespace=, service-account= and label.KEY= only");
    bindings->count++;
    return 0;
}

int binding_load(const char *path, struct bindings **ret, struct error *error)
{
    struct bindings *bindings = calloc(1, sizeof *bindings);
    if (!bindings)
        return error_set(error, -ENOMEM, "out of memory");
    size_t length = 0;
    int r = path ? file_read(path, LIMIT_CONFIG_FILE, &bindings->text, &length, error) : 0;
    struct file_lines lines = {.rest = {bindings->text, length}};
    struct span line;
    while (r == 0 && file_next_line(&lines, &line)) {
        struct error why = {""};
        r = read_rule(bindings, line, &why);
        if (r < 0)
            error_set(error, r, "%s: line %u: %s", path, lines.number, why.text);
    }
    if (r < 0) {
        binding_free(bindings);
        return r;
    }
    *ret = bindings;
    return 0;
}

static int criterion(struct span wanted, struct span actual)
{
    return wanted.length == 0 || span_equal(wanted, actual);
}

static int has_label(const struct fields *fields, const struct fields_label *wanted)
{
    for (size_t i = 0; i < fields->label_count; i++)
        if (span_equal(fields->labels[i].key, wanted->key))
            return span_equal(fields->labels[i].value, wanted->value);
    return 0;
}

static int matches(const struct fields *when, const struct fields *fields)
{
    if (!criterion(when->namespace, fields->namespace) ||
        !criterion(when->service_account, fields->service_account))
        return 0;
    for (size_t i = 0; i < when->label_count; i++)
        if (!has_label(fields, &when->labels[i]))
            return 0;
    return 1;
}

struct span binding_workload(const struct bindings *bindings, const struct fields *fields)
{
    for (size_t i = 0; i < bindings->count; i++)
        if (matches(&bindings->rules[i].when, fields))
            return bindings->rules[i].workload;
    return fields->service_account;
}

void binding_free(struct bindings *bindings)
{
    if (!bindings)
        return;
    free(bindings->rules);
    free(bindings->text);
    free(bindings);
}
