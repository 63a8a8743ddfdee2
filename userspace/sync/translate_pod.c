/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/translate_pod.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "base/error.h"
#include "base/name.h"
#include "base/writer.h"
#include "sync/look.h"
#include "sync/translate.h"

#define MIRROR "kubernetes.io/config.mirror"
#define STATIC_UID 32u /* hexadecimal digits: the hash of a static pod's configuration */

/* ---- texts with lines --------------------------------------------------------------------------
 */

/* A line each: what has a line's end within it would be read as two. */
static int is_line(struct span text)
{
    return !memchr(text.data, '\n', text.length);
}

static struct span written(const struct writer *w)
{
    return (struct span){w->data, w->used};
}

/* LABELS, an object or NULL, as "KEY=VALUE" lines. */
static int write_labels(struct writer *w, const cJSON *labels, struct error *error)
{
    const cJSON *label;
    unsigned count = 0;
    if (labels && !cJSON_IsObject(labels) && !cJSON_IsNull(labels))
        return error_set(error, -EINVAL, "its labels are no object");
    cJSON_ArrayForEach(label, labels)
    {
        struct span name = span_of(label->string);
        if (!cJSON_IsString(label) || !name.length || !is_line(name) ||
            memchr(name.data, '=', name.length) || !is_line(span_of(label->valuestring)))
            return error_set(error, -EINVAL, "it has a label that is none");
        if (++count > LIMIT_LABELS)
            return error_set(error, -EINVAL, "it has more than %u labels", LIMIT_LABELS);
        writer_span(w, name);
        writer_literal(w, "=");
        writer_text(w, label->valuestring);
        writer_literal(w, "\n");
    }
    return writer_ok(w) ? 0 : error_set(error, -EINVAL, "its labels are too long");
}

/* "containerd://ID" without its runtime; empty while the container has not been made. */
static struct span id_of(const cJSON *status)
{
    struct span id = look_text(status, LOOK("containerID"));
    const char *colon = memchr(id.data, ':', id.length);
    if (!colon || id.length - (size_t)(colon - id.data) < 4 || memcmp(colon, "://", 3) != 0)
        return (struct span){"", 0};
    size_t front = (size_t)(colon - id.data) + 3;
    return (struct span){id.data + front, id.length - front};
}

static int write_containers(struct writer *w, const cJSON *object, struct error *error)
{
    static const char *const lists[] = {"initContainerStatuses", "containerStatuses",
                                        "ephemeralContainerStatuses"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const cJSON *status;
        cJSON_ArrayForEach(status, look_at(object, LOOK("status", lists[i])))
        {
            struct span id = id_of(status);
            if (!is_line(id))
                return error_set(error, -EINVAL, "it has a container id that is none");
            if (!id.length)
                continue;
            writer_span(w, id);
            writer_literal(w, "\n");
        }
    }
    return writer_ok(w) ? 0 : error_set(error, -EINVAL, "it has too many containers");
}

/* ---- pods --------------------------------------------------------------------------------------
 */

static int is_static_uid(struct span text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!memchr("0123456789abcdef", text.data[i], 16))
            return 0;
    return text.length == STATIC_UID;
}

/*
 * The cgroup of a static pod has the pod's own uid, and that is what the annotation of its mirror
 * says. Anybody who may make pods can write the annotation: of another form than a hash it could
 * name a pod of somebody else, so such an object is none.
 */
static int uid_of(const cJSON *object, struct span *ret, struct error *error)
{
    const cJSON *mirror = look_at(object, LOOK("metadata", "annotations", MIRROR));
    *ret = mirror ? look_text(object, LOOK("metadata", "annotations", MIRROR))
                  : look_text(object, LOOK("metadata", "uid"));
    if (mirror && !is_static_uid(*ret))
        return error_set(error, -EINVAL, "its annotation " MIRROR " names no static pod");
    return ret->length ? 0 : error_set(error, -EINVAL, "it has no uid");
}

int translate_pod_gone(const cJSON *object, struct wire_message *ret, struct error *error)
{
    *ret = (struct wire_message){.kind = WIRE_POD_GONE};
    int r = uid_of(object, &ret->field[POD_UID], error);
    return r < 0 ? r : translate_check(ret, error);
}

int translate_pod(const cJSON *object, struct translate_pod_room *room, struct wire_message *ret,
                  struct error *error)
{
    *ret = (struct wire_message){.kind = WIRE_POD};
    struct writer labels = writer_on(room->labels, sizeof room->labels);
    struct writer containers = writer_on(room->containers, sizeof room->containers);
    int r = uid_of(object, &ret->field[POD_UID], error);
    if (r == 0)
        r = write_labels(&labels, look_at(object, LOOK("metadata", "labels")), error);
    if (r == 0)
        r = write_containers(&containers, object, error);
    if (r < 0)
        return r;
    ret->field[POD_NAMESPACE] = look_text(object, LOOK("metadata", "namespace"));
    ret->field[POD_NAME] = look_text(object, LOOK("metadata", "name"));
    ret->field[POD_SERVICE_ACCOUNT] = look_text(object, LOOK("spec", "serviceAccountName"));
    ret->field[POD_PHASE] = look_text(object, LOOK("status", "phase"));
    ret->field[POD_LABELS] = written(&labels);
    ret->field[POD_CONTAINERS] = written(&containers);
    if (!name_is_label(ret->field[POD_NAMESPACE]) || !name_is_subdomain(ret->field[POD_NAME]))
        return error_set(error, -EINVAL, "it has no namespace or no name");
    return translate_check(ret, error);
}

/* ---- bindings ----------------------------------------------------------------------------------
 */

/* A text where there is one at all: a rule that lost a condition would match too much. */
static int condition(const cJSON *object, const char *name, struct span *ret, struct error *error)
{
    const cJSON *item = look_at(object, LOOK("spec", name));
    *ret = look_text(object, LOOK("spec", name));
    if (item && !cJSON_IsNull(item) && !cJSON_IsString(item))
        return error_set(error, -EINVAL, "its spec.%s is no text", name);
    return 0;
}

int translate_pod_binding(const cJSON *object, int is_gone, struct translate_pod_room *room,
                          struct wire_message *ret, struct error *error)
{
    *ret = (struct wire_message){.kind = is_gone ? WIRE_BINDING_GONE : WIRE_BINDING};
    struct writer labels = writer_on(room->labels, sizeof room->labels);
    ret->field[BINDING_NAME] = look_text(object, LOOK("metadata", "name"));
    if (!name_is_subdomain(ret->field[BINDING_NAME]))
        return error_set(error, -EINVAL, "it has no name");
    if (is_gone)
        return 0;
    int r = condition(object, "workload", &ret->field[BINDING_WORKLOAD], error);
    if (r == 0)
        r = condition(object, "namespace", &ret->field[BINDING_NAMESPACE], error);
    if (r == 0)
        r = condition(object, "serviceAccount", &ret->field[BINDING_SERVICE_ACCOUNT], error);
    if (r == 0)
        r = write_labels(&labels, look_at(object, LOOK("spec", "labels")), error);
    if (r < 0)
        return r;
    ret->field[BINDING_LABELS] = written(&labels);
    if (!name_is_label(ret->field[BINDING_WORKLOAD]))
        return error_set(error, -EINVAL, "its spec.workload must be " NAME_LABEL_RULE);
    return translate_check(ret, error);
}
