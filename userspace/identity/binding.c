/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/binding.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/name.h"
#include "identity/fields.h"
#include "limits.h"

#define FIRST_ROOM 8u

struct rule {
    struct span workload;
    struct fields when;
};

struct bindings {
    char *text; /* of the file; every span points into it */
    size_t count;
    size_t room;
    struct rule *rules;
};

/* Room for one more rule. 0 or -ENOMEM. */
static int make_room(struct bindings *bindings)
{
    if (bindings->count < bindings->room)
        return 0;
    size_t room = bindings->room ? 2 * bindings->room : FIRST_ROOM;
    struct rule *rules = realloc(bindings->rules, room * sizeof *rules);
    if (!rules)
        return -ENOMEM;
    bindings->rules = rules;
    bindings->room = room;
    return 0;
}

int binding_add(struct bindings *bindings, struct span workload, const struct fields *when,
                struct error *error)
{
    if (bindings->count == LIMIT_BINDINGS)
        return error_set(error, -EINVAL, "more than %u rules", LIMIT_BINDINGS);
    if (!name_is_label(workload))
        return error_set(error, -EINVAL, "workload '%.*s' must be " NAME_LABEL_RULE,
                         (int)workload.length, workload.data);
    if (when->workload.length || when->pod.length)
        return error_set(error, -EINVAL,
                         "a rule matches by namespace=, service-account= and label.KEY= only");
    if (make_room(bindings) < 0)
        return error_set(error, -ENOMEM, "out of memory");
    bindings->rules[bindings->count++] = (struct rule){workload, *when};
    return 0;
}

static int read_rule(struct bindings *bindings, struct span line, struct error *error)
{
    struct span workload;
    struct fields when = {0};
    file_next_word(&line, &workload);
    /* The workload's name comes first: a rule without one has a field in its place. */
    int r = name_is_label(workload) ? fields_read(line, &when, error) : 0;
    return r < 0 ? r : binding_add(bindings, workload, &when, error);
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

struct span binding_match(const struct bindings *bindings, const struct fields *fields)
{
    for (size_t i = 0; i < bindings->count; i++)
        if (matches(&bindings->rules[i].when, fields))
            return bindings->rules[i].workload;
    return (struct span){"", 0};
}

struct span binding_workload(const struct bindings *bindings, const struct fields *fields)
{
    struct span workload = binding_match(bindings, fields);
    return workload.length ? workload : fields->service_account;
}

size_t binding_count(const struct bindings *bindings)
{
    return bindings->count;
}

void binding_free(struct bindings *bindings)
{
    if (!bindings)
        return;
    free(bindings->rules);
    free(bindings->text);
    free(bindings);
}
