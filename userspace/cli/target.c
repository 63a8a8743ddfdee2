/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/target.h"

#include "base/error.h"
#include "base/writer.h"
#include "cli/arguments.h"
#include "protocol.h"
#include "store/key.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define RULE "1 to 63 of a-z, 0-9 and '-', first and last a letter or a digit (RFC 1123)"

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label(struct span name)
{
    if (!name.length || name.length > LIMIT_DNS_LABEL)
        return false;
    for (size_t i = 0; i < name.length; i++)
        if (!is_alphanumeric(name.data[i]) && name.data[i] != '-')
            return false;
    return name.data[0] != '-' && name.data[name.length - 1] != '-';
}

/* Split NS/WORKLOAD at its first slash; false when there is none. */
static bool split(const char *operand, struct span *namespace, struct span *workload)
{
    const char *slash = strchr(operand, '/');
    if (!slash)
        return false;
    *namespace = (struct span){operand, (size_t)(slash - operand)};
    *workload = span_of(slash + 1);
    return true;
}

static int check_namespace(struct span name, struct error *error)
{
    return is_label(name) ? 0 : error_set(error, -EINVAL, "a namespace must be " RULE);
}

static int check_workload(struct span name, struct error *error)
{
    if (key_is_asked(name))
        return 0;
    if (key_asks_export(name))
        return error_set(error, -EINVAL, "what is behind k8s: must be " KEY_EXPORT_RULE);
    return error_set(error, -EINVAL, "a workload's name must be " RULE);
}

int target_check_namespaces(const struct arguments *arguments, struct error *error)
{
    int r = 0;
    for (size_t i = 0; !r && i < arguments->namespace_count; i++)
        r = check_namespace(span_of(arguments->namespaces[i]), error);
    return r;
}

static int check_operand(const struct arguments *arguments, const char *operand,
                         struct error *error)
{
    struct span namespace, workload = span_of(operand);
    bool is_key = split(operand, &namespace, &workload);
    if (is_key && arguments->namespace_count)
        return error_set(error, -EINVAL, "NS/WORKLOAD has its namespace; leave out -n");
    int r = is_key ? check_namespace(namespace, error) : 0;
    return r ? r : check_workload(workload, error);
}

int target_check(const struct arguments *arguments, struct error *error)
{
    int r = target_check_namespaces(arguments, error);
    for (size_t i = 0; !r && i < arguments->operand_count; i++)
        r = check_operand(arguments, arguments->operands[i], error);
    return r;
}

int target_key(const char *text, struct target *ret, struct error *error)
{
    ret->workload_count = ret->namespace_count = 1;
    ret->namespaces[0] = span_of(PROTOCOL_DEFAULT_NAMESPACE);
    ret->workloads[0] = span_of(text);
    split(text, &ret->namespaces[0], &ret->workloads[0]);
    int r = check_namespace(ret->namespaces[0], error);
    return r ? r : check_workload(ret->workloads[0], error);
}

static void use_namespaces(const struct arguments *arguments, struct target *ret)
{
    for (size_t i = 0; i < arguments->namespace_count; i++)
        ret->namespaces[ret->namespace_count++] = span_of(arguments->namespaces[i]);
    if (!ret->namespace_count)
        ret->namespaces[ret->namespace_count++] = span_of(PROTOCOL_DEFAULT_NAMESPACE);
}

int target_next(const struct arguments *arguments, size_t *at, struct target *ret)
{
    ret->workload_count = ret->namespace_count = 0;
    if (*at == arguments->operand_count)
        return 0;
    if (split(arguments->operands[*at], &ret->namespaces[0], &ret->workloads[0])) {
        ret->workload_count = ret->namespace_count = 1;
        ++*at;
        return 1;
    }
    use_namespaces(arguments, ret);
    while (*at < arguments->operand_count && !strchr(arguments->operands[*at], '/'))
        ret->workloads[ret->workload_count++] = span_of(arguments->operands[(*at)++]);
    return 1;
}

static void write_list(const struct span *names, size_t count, struct writer *writer)
{
    for (size_t i = 0; i < count; i++) {
        writer_text(writer, i ? "," : "[");
        writer_json(writer, names[i].data, names[i].length);
    }
    writer_text(writer, "]");
}

void target_json(const struct target *target, struct writer *writer)
{
    writer_text(writer, "\"workloads\":");
    write_list(target->workloads, target->workload_count, writer);
    writer_text(writer, ",\"namespaces\":");
    write_list(target->namespaces, target->namespace_count, writer);
}

void target_text(const struct target *target, char ret[LIMIT_KEY + 1])
{
    snprintf(ret, LIMIT_KEY + 1, "%.*s/%.*s", (int)target->namespaces[0].length,
             target->namespaces[0].data, (int)target->workloads[0].length,
             target->workloads[0].data);
}

void target_print(const struct target *target, const char *verb)
{
    for (size_t i = 0; i < target->namespace_count; i++)
        for (size_t k = 0; k < target->workload_count; k++)
            printf("%.*s/%.*s %s\n", (int)target->namespaces[i].length, target->namespaces[i].data,
                   (int)target->workloads[k].length, target->workloads[k].data, verb);
}
