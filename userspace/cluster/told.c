/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/told.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/str.h"
#include "identity/fields.h"
#include "identity/identity.h"
#include "identity/place.h"
#include "wire/wire.h"

/* The texts, and from which field of a message each comes. */
static const struct part {
    size_t offset;
    int pod, binding; /* number of the field; -1: none */
} parts[] = {
    {offsetof(struct told, name), POD_UID, BINDING_NAME},
    {offsetof(struct told, workload), -1, BINDING_WORKLOAD},
    {offsetof(struct told, namespace), POD_NAMESPACE, BINDING_NAMESPACE},
    {offsetof(struct told, service_account), POD_SERVICE_ACCOUNT, BINDING_SERVICE_ACCOUNT},
    {offsetof(struct told, pod), POD_NAME, -1},
    {offsetof(struct told, labels), POD_LABELS, BINDING_LABELS},
};

#define PARTS (sizeof parts / sizeof parts[0])

static const struct span *part_of(const struct told *told, size_t index)
{
    return (const struct span *)((const char *)told + parts[index].offset);
}

static struct told *copy(const struct span *from)
{
    size_t size = 0;
    for (size_t i = 0; i < PARTS; i++)
        size += from[i].length;
    struct told *told = calloc(1, sizeof *told + size);
    if (!told)
        return NULL;
    char *to = told->text;
    for (size_t i = 0; i < PARTS; i++) {
        if (from[i].length)
            memcpy(to, from[i].data, from[i].length);
        *(struct span *)((char *)told + parts[i].offset) = (struct span){to, from[i].length};
        to += from[i].length;
    }
    told->is_named = 1;
    return told;
}

static struct told *copy_message(const struct wire_message *message)
{
    struct span from[PARTS];
    for (size_t i = 0; i < PARTS; i++) {
        int field = message->kind == WIRE_POD ? parts[i].pod : parts[i].binding;
        from[i] = field < 0 ? (struct span){"", 0} : message->field[field];
    }
    return copy(from);
}

/* ---- fields ------------------------------------------------------------------------------------
 */

static int set(struct fields *fields, const char *name, struct span value, struct error *error)
{
    return value.length ? fields_set(fields, span_of(name), value, error) : 0;
}

static int set_labels(struct fields *fields, struct span lines, struct error *error)
{
    int r = 0;
    while (r == 0 && lines.length) {
        struct span line = str_cut_line(&lines);
        const char *equals = memchr(line.data, '=', line.length);
        if (!equals)
            return error_set(error, -EINVAL, "a label is no KEY=VALUE");
        size_t length = (size_t)(equals - line.data);
        r = fields_add_label(fields, (struct span){line.data, length},
                             (struct span){equals + 1, line.length - length - 1}, error);
    }
    return r;
}

int told_fields(const struct told *told, struct fields *ret, struct error *error)
{
    *ret = (struct fields){0};
    int r = set(ret, "namespace", told->namespace, error);
    if (r == 0)
        r = set(ret, "service-account", told->service_account, error);
    if (r == 0)
        r = set(ret, "pod", told->pod, error);
    return r < 0 ? r : set_labels(ret, told->labels, error);
}

/* ---- one of them -------------------------------------------------------------------------------
 */

static int check_pod(const struct told *told, struct error *error)
{
    char uid[PLACE_POD_UID];
    if (!place_parse_uid(told->name, uid))
        return error_set(error, -EINVAL, "a pod's uid must be 8-4-4-4-12 or 32 hex digits");
    if (!told->namespace.length || !told->pod.length)
        return error_set(error, -EINVAL, "a pod without a namespace or a name");
    return 0;
}

static int check_binding(const struct told *told, struct error *error)
{
    if (!name_is_subdomain(told->name))
        return error_set(error, -EINVAL, "a binding's name must be " NAME_SUBDOMAIN_RULE);
    if (!name_is_label(told->workload))
        return error_set(error, -EINVAL, "a binding's workload must be " NAME_LABEL_RULE);
    return 0;
}

static int tell(const struct wire_message *message,
                int (*check)(const struct told *told, struct error *error), struct told **ret,
                struct error *error)
{
    struct fields fields;
    struct told *told = copy_message(message);
    if (!told)
        return error_set(error, -ENOMEM, "out of memory");
    int r = check(told, error);
    if (r == 0)
        r = told_fields(told, &fields, error);
    if (r < 0)
        told_free(told);
    else
        *ret = told;
    return r;
}

int told_pod(const struct wire_message *message, struct told **ret, struct error *error)
{
    return tell(message, check_pod, ret, error);
}

int told_binding(const struct wire_message *message, struct told **ret, struct error *error)
{
    return tell(message, check_binding, ret, error);
}

struct told *told_bare(struct span uid, struct identity *identity)
{
    struct span from[PARTS] = {uid};
    struct told *told = copy(from);
    if (!told)
        return NULL;
    told->is_bare = 1;
    told->identity = identity_ref(identity);
    return told;
}

int told_same(const struct told *a, const struct told *b)
{
    for (size_t i = 0; i < PARTS; i++)
        if (!span_equal(*part_of(a, i), *part_of(b, i)))
            return 0;
    return a->is_bare == b->is_bare;
}

void told_free(struct told *told)
{
    if (!told)
        return;
    identity_unref(told->identity);
    free(told);
}
