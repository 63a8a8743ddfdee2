/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/source_static.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/name.h"
#include "identity/binding.h"
#include "identity/fields.h"
#include "identity/identity.h"
#include "identity/place.h"
#include "identity/registry.h"
#include "limits.h"

static int valid_uid(struct span name)
{
    char uid[PLACE_POD_UID];
    return place_parse_uid(name, uid);
}

static int valid_unit(struct span name)
{
    static const char suffix[] = ".service";
    size_t length = sizeof suffix - 1;
    return name.length > length && name.length < PLACE_UNIT_NAME &&
           memcmp(name.data + name.length - length, suffix, length) == 0 &&
           !memchr(name.data, '/', name.length);
}

static int valid_path(struct span name)
{
    struct place_roots one;
    return place_parse_roots(name, &one) == 0 && one.count == 1;
}

struct kind {
    const char *word;
    enum registry_kind kind;
    int (*valid)(struct span name);
    const char *rule;
};

static const struct kind kinds[] = {
    {"pod", REGISTRY_POD, valid_uid, "a pod's uid: 8-4-4-4-12 or 32 lower-case hex digits"},
    {"unit", REGISTRY_UNIT, valid_unit, "a systemd service's name, ending in .service"},
    {"cgroup", REGISTRY_PATH, valid_path, "an absolute cgroup path below the cgroup2 root"},
};

static const struct kind *kind_of(struct span word)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (span_is(word, kinds[i].word))
            return &kinds[i];
    return NULL;
}

static int read_line(struct registry *registry, const struct bindings *bindings, struct span line,
                     struct error *error)
{
    struct span word, name;
    file_next_word(&line, &word);
    const struct kind *kind = kind_of(word);
    if (!kind)
        return error_set(error, -EINVAL,
                         "'%.*s' is unknown; a line starts with pod, unit or cgroup",
                         (int)word.length, word.data);
    if (!file_next_word(&line, &name) || !kind->valid(name))
        return error_set(error, -EINVAL, "after '%s' there must be %s", kind->word, kind->rule);
    struct fields fields;
    int r = fields_read(line, &fields, error);
    if (r < 0)
        return r;
    struct span workload =
        fields.workload.length ? fields.workload : binding_workload(bindings, &fields);
    if (!fields.namespace.length || !workload.length)
        return error_set(error, -EINVAL, "needs namespace= and %s",
                         kind->kind == REGISTRY_POD ? "service-account= (or workload=)"
                                                    : "workload=");
    struct identity *identity;
    r = identity_of_fields(&fields, workload, &identity, error);
    if (r < 0)
        return r;
    r = registry_add(registry, kind->kind, name, identity);
    identity_unref(identity);
    if (r == -EEXIST)
        return error_set(error, r, "%s %.*s is listed twice", kind->word, (int)name.length,
                         name.data);
    return r < 0 ? error_errno(error, r, "cannot add it (at most %u)", LIMIT_IDENTITIES) : 0;
}

int source_static_read(struct span text, const char *name, const struct bindings *bindings,
                       struct registry **ret, struct error *error)
{
    struct registry *registry = registry_new();
    if (!registry)
        return error_set(error, -ENOMEM, "out of memory");
    struct file_lines lines = {.rest = text};
    struct span line;
    int r = 0;
    while (r == 0 && file_next_line(&lines, &line)) {
        struct error why = {""};
        r = read_line(registry, bindings, line, &why);
        if (r < 0)
            error_set(error, r, "%s: line %u: %s", name, lines.number, why.text);
    }
    if (r < 0) {
        registry_free(registry);
        return r;
    }
    *ret = registry;
    return 0;
}

int source_static_load(const char *path, const struct bindings *bindings, struct registry **ret,
                       struct error *error)
{
    char *text = NULL;
    size_t length;
    int r = file_read(path, LIMIT_IDENTITY_FILE, &text, &length, error);
    if (r == 0)
        r = source_static_read((struct span){text, length}, path, bindings, ret, error);
    free(text);
    return r;
}
