/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/fields.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/name.h"

struct field {
    const char *name;
    size_t offset;
    int (*valid)(struct span value);
    const char *rule;
};

static const struct field known[] = {
    {"namespace", offsetof(struct fields, namespace), name_is_label, NAME_LABEL_RULE},
    {"service-account", offsetof(struct fields, service_account), name_is_subdomain,
     NAME_SUBDOMAIN_RULE},
    {"workload", offsetof(struct fields, workload), name_is_label, NAME_LABEL_RULE},
    {"pod", offsetof(struct fields, pod), name_is_subdomain, NAME_SUBDOMAIN_RULE},
};

/* What is no blank, starts no comment, and needs no escaping in a log. */
static int is_word(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '#')
            return 0;
    return 1;
}

int fields_add_label(struct fields *ret, struct span key, struct span value, struct error *error)
{
    if (!is_word(key) || !is_word(value))
        return error_set(error, -EINVAL, "a label has characters that Kubernetes does not allow");
    if (key.length == 0 || key.length > LIMIT_LABEL_KEY || value.length > LIMIT_LABEL_VALUE)
        return error_set(error, -EINVAL, "label '%.*s' is empty or longer than Kubernetes allows",
                         (int)key.length, key.data);
    if (ret->label_count == LIMIT_LABELS)
        return error_set(error, -EINVAL, "more than %u labels", LIMIT_LABELS);
    ret->labels[ret->label_count++] = (struct fields_label){key, value};
    return 0;
}

int fields_set(struct fields *ret, struct span name, struct span value, struct error *error)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (!span_is(name, known[i].name))
            continue;
        struct span *field = (struct span *)((char *)ret + known[i].offset);
        if (field->length)
            return error_set(error, -EINVAL, "%s is given twice", known[i].name);
        if (!known[i].valid(value))
            return error_set(error, -EINVAL, "%s '%.*s' must be %s", known[i].name,
                             (int)value.length, value.data, known[i].rule);
        *field = value;
        return 0;
    }
    return error_set(error, -EINVAL,
                     "unknown field '%.*s'; allowed: namespace= service-account= workload= pod= "
                     "label.KEY=",
                     (int)name.length, name.data);
}

int fields_read(struct span line, struct fields *ret, struct error *error)
{
    *ret = (struct fields){0};
    struct span word;
    while (file_next_word(&line, &word)) {
        const char *equals = memchr(word.data, '=', word.length);
        if (!equals)
            return error_set(error, -EINVAL, "'%.*s' is no name=value", (int)word.length,
                             word.data);
        struct span name = {word.data, (size_t)(equals - word.data)};
        struct span value = {equals + 1, word.length - name.length - 1};
        int r;
        if (name.length > 6 && memcmp(name.data, "label.", 6) == 0)
            r = fields_add_label(ret, (struct span){name.data + 6, name.length - 6}, value, error);
        else
            r = fields_set(ret, name, value, error);
        if (r < 0)
            return r;
    }
    return 0;
}
