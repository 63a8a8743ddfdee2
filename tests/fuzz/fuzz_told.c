/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pods and bindings, as the cluster tells of them: what is taken says the same as a line of the
 * identities file would. The input is a letter, p or b, and the fields, each with a NUL behind it.
 */
#include "base/error.h"
#include "base/writer.h"
#include "cluster/told.h"
#include "cluster/told_list.h"
#include "identity/binding.h"
#include "identity/fields.h"
#include "identity/identity.h"
#include "limits.h"
#include "tests/fuzz/fuzz.h"
#include "wire/wire.h"

static void write_field(struct writer *w, const char *name, struct span value)
{
    if (!value.length)
        return;
    writer_text(w, name);
    writer_span(w, value);
}

/* The line that FIELDS would be read from. */
static struct span line_of(const struct fields *fields)
{
    static char line[LIMIT_WIRE_LABELS + LIMIT_LINE];
    struct writer w = writer_on(line, sizeof line);
    write_field(&w, " namespace=", fields->namespace);
    write_field(&w, " service-account=", fields->service_account);
    write_field(&w, " pod=", fields->pod);
    for (size_t i = 0; i < fields->label_count; i++) {
        write_field(&w, " label.", fields->labels[i].key);
        writer_literal(&w, "=");
        writer_span(&w, fields->labels[i].value);
    }
    MUST(writer_ok(&w));
    return (struct span){line, w.used};
}

static void check_line(const struct fields *fields)
{
    static struct fields back;
    struct span line = line_of(fields);
    MUST(!memchr(line.data, '\n', line.length) && !memchr(line.data, '#', line.length));
    MUST(fields_read(line, &back, NULL) == 0);
    MUST(span_equal(back.namespace, fields->namespace) && span_equal(back.pod, fields->pod));
    MUST(span_equal(back.service_account, fields->service_account));
    MUST(back.label_count == fields->label_count);
    for (size_t i = 0; i < back.label_count; i++)
        MUST(span_equal(back.labels[i].key, fields->labels[i].key) &&
             span_equal(back.labels[i].value, fields->labels[i].value));
}

static void check_list(const struct wire_message *message)
{
    struct told_list list;
    struct told *first, *second;
    MUST(told_list_init(&list, 2) == 0);
    MUST(told_pod(message, &first, NULL) == 0 && told_pod(message, &second, NULL) == 0);
    MUST(told_list_keep(&list, first) == 1);
    told_list_reset(&list);
    MUST(told_list_keep(&list, second) == 0);
    MUST(told_list_end(&list) == 1 && first->is_named);
    told_list_done(&list);
}

static void check_pod(const struct wire_message *message)
{
    struct fields fields;
    struct identity *identity;
    struct told *told;
    if (told_pod(message, &told, NULL) < 0)
        return;
    MUST(told_fields(told, &fields, NULL) == 0);
    check_line(&fields);
    if (identity_of_fields(&fields, fields.service_account, &identity, NULL) == 0) {
        MUST(strlen(identity->key) == identity->key_length && strlen(identity->pod));
        identity_unref(identity);
    }
    told_free(told);
    check_list(message);
}

/* Whoever has what a binding asks for is who it says, unless a label is asked for twice. */
static void check_binding(const struct wire_message *message)
{
    struct fields fields;
    struct bindings *rules;
    struct told *told;
    if (told_binding(message, &told, NULL) < 0)
        return;
    MUST(told_fields(told, &fields, NULL) == 0);
    check_line(&fields);
    MUST(binding_load(NULL, &rules, NULL) == 0);
    MUST(binding_add(rules, told->workload, &fields, NULL) == 0);
    struct span workload = binding_match(rules, &fields);
    MUST(fields.label_count > 1 || span_equal(workload, message->field[BINDING_WORKLOAD]));
    binding_free(rules);
    told_free(told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_message message = {.kind = size && data[0] == 'b' ? WIRE_BINDING : WIRE_POD};
    struct span rest = {(const char *)data + (size != 0), size - (size != 0)};
    for (size_t i = 0; i < wire_fields(message.kind); i++) {
        const char *end = rest.length ? memchr(rest.data, '\0', rest.length) : NULL;
        size_t length = end ? (size_t)(end - rest.data) : rest.length;
        message.field[i] = (struct span){rest.data, length};
        rest.data += length + (end != NULL);
        rest.length -= length + (end != NULL);
    }
    if (!wire_fits(&message, NULL))
        return 0;
    if (message.kind == WIRE_POD)
        check_pod(&message);
    else
        check_binding(&message);
    return 0;
}
