/* SPDX-License-Identifier: BSD-2-Clause */
#include "identity/identity.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/name.h"
#include "base/str.h"
#include "identity/fields.h"

struct identity *identity_new(size_t labels)
{
    struct identity *identity = calloc(1, sizeof *identity + labels * sizeof identity->labels[0]);
    if (identity)
        identity->references = 1;
    return identity;
}

int identity_set_names(struct identity *identity, struct span namespace, struct span workload)
{
    if (!name_is_label(namespace) || !name_is_label(workload))
        return -EINVAL;
    str_copy(identity->namespace, sizeof identity->namespace, namespace);
    str_copy(identity->workload, sizeof identity->workload, workload);
    memcpy(identity->key, namespace.data, namespace.length);
    identity->key[namespace.length] = '/';
    memcpy(identity->key + namespace.length + 1, workload.data, workload.length);
    identity->key_length = namespace.length + 1 + workload.length;
    identity->key[identity->key_length] = '\0';
    identity->key_hash = hash_bytes(identity->key, identity->key_length);
    return 0;
}

/* A copy of TEXT, or NULL for an empty one; *FAILED is set when there is no memory. */
static char *copy(struct span text, int *failed)
{
    if (!text.length)
        return NULL;
    char *data = strndup(text.data, text.length);
    *failed |= data == NULL;
    return data;
}

static int copy_fields(struct identity *identity, const struct fields *fields)
{
    int failed = 0;
    identity->pod = copy(fields->pod, &failed);
    identity->service_account = copy(fields->service_account, &failed);
    for (size_t i = 0; i < fields->label_count && !failed; i++) {
        const struct fields_label *label = &fields->labels[i];
        struct identity_label *to = &identity->labels[identity->label_count++];
        to->key = strndup(label->key.data, label->key.length);
        to->value = strndup(label->value.data, label->value.length);
        failed |= !to->key || !to->value;
    }
    return failed ? -ENOMEM : 0;
}

int identity_of_fields(const struct fields *fields, struct span workload, struct identity **ret,
                       struct error *error)
{
    struct identity *identity = identity_new(fields->label_count);
    int r = identity ? copy_fields(identity, fields) : -ENOMEM;
    if (r < 0)
        error_set(error, r, "out of memory");
    else if ((r = identity_set_names(identity, fields->namespace, workload)) < 0)
        error_set(error, r,
                  "workload '%.*s' must be " NAME_LABEL_RULE
                  " (a service account named otherwise needs a binding)",
                  (int)workload.length, workload.data);
    if (r < 0) {
        identity_unref(identity);
        return r;
    }
    *ret = identity;
    return 0;
}

const char *identity_label(const struct identity *identity, struct span key)
{
    for (size_t i = 0; i < identity->label_count; i++)
        if (span_is(key, identity->labels[i].key))
            return identity->labels[i].value;
    return NULL;
}

static int same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int identity_same(const struct identity *a, const struct identity *b)
{
    return strcmp(a->key, b->key) == 0 && same_text(a->pod, b->pod) &&
           same_text(a->service_account, b->service_account);
}

struct identity *identity_ref(struct identity *identity)
{
    identity->references++;
    return identity;
}

void identity_unref(struct identity *identity)
{
    if (!identity || --identity->references)
        return;
    for (size_t i = 0; i < identity->label_count; i++) {
        free(identity->labels[i].key);
        free(identity->labels[i].value);
    }
    free(identity->pod);
    free(identity->service_account);
    free(identity);
}
