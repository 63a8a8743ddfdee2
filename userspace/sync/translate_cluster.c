/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/translate_cluster.h"

#include <cjson/cJSON.h>
#include <errno.h>

#include "base/error.h"
#include "base/name.h"
#include "base/writer.h"
#include "sync/look.h"
#include "sync/names.h"
#include "sync/translate.h"

/* ---- nodes -------------------------------------------------------------------------------------
 */

int translate_cluster_node(const cJSON *object, int is_gone, struct wire_message *ret,
                           struct error *error)
{
    *ret = (struct wire_message){.kind = is_gone ? WIRE_NODE_GONE : WIRE_NODE};
    ret->field[NODE_NAME] = look_text(object, LOOK("metadata", "name"));
    if (!name_is_subdomain(ret->field[NODE_NAME]))
        return error_set(error, -EINVAL, "it has no name");
    if (is_gone)
        return 0;
    ret->field[NODE_RESOURCE_VERSION] = look_text(object, LOOK("metadata", "resourceVersion"));
    ret->field[NODE_RECIPIENT] = look_text(object, LOOK("spec", "recipient"));
    ret->field[NODE_REQUEST] = look_text(object, LOOK("spec", "request"));
    if (look_true(object, LOOK("spec", "approved")))
        ret->field[NODE_APPROVED] = SPAN_LITERAL("1");
    return translate_check(ret, error);
}

/* ---- the key -----------------------------------------------------------------------------------
 */

static int write_nodes(struct writer *w, const cJSON *object, struct error *error)
{
    const cJSON *node;
    cJSON_ArrayForEach(node, look_at(object, LOOK("spec", "nodes")))
    {
        if (!cJSON_IsString(node) || !name_is_subdomain(span_of(node->valuestring)))
            return error_set(error, -EINVAL, "its spec.nodes has what is no name of a node");
        writer_text(w, node->valuestring);
        writer_literal(w, "\n");
    }
    return writer_ok(w) ? 0 : error_set(error, -EINVAL, "its spec.nodes is too long");
}

int translate_cluster_key(const cJSON *object, int is_gone, struct translate_cluster_room *room,
                          struct wire_message *ret, struct error *error)
{
    *ret = (struct wire_message){.kind = is_gone ? WIRE_KEY_GONE : WIRE_KEY};
    struct writer nodes = writer_on(room->nodes, sizeof room->nodes);
    if (!span_is(look_text(object, LOOK("metadata", "name")), NAMES_KEY))
        return error_set(error, -ENOENT, "only the one named '" NAMES_KEY "' means something");
    if (is_gone)
        return 0;
    int r = write_nodes(&nodes, object, error);
    if (r < 0)
        return r;
    ret->field[KEY_RESOURCE_VERSION] = look_text(object, LOOK("metadata", "resourceVersion"));
    ret->field[KEY_UID] = look_text(object, LOOK("metadata", "uid"));
    ret->field[KEY_RECIPIENT] = look_text(object, LOOK("spec", "recipient"));
    ret->field[KEY_SEALED] = look_text(object, LOOK("spec", "sealed"));
    ret->field[KEY_NODES] = (struct span){room->nodes, nodes.used};
    return translate_check(ret, error);
}

/* ---- reviews -----------------------------------------------------------------------------------
 */

static int has_audience(const cJSON *answer, struct span audience)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, look_at(answer, LOOK("status", "audiences")))
    {
        if (cJSON_IsString(item) && span_is(audience, item->valuestring))
            return 1;
    }
    return 0;
}

/* The one value that the token has for NAME; empty when it has none, or several. */
static struct span extra(const cJSON *answer, const char *name)
{
    const cJSON *values = look_at(answer, LOOK("status", "user", "extra", name));
    const cJSON *only = cJSON_GetArraySize(values) == 1 ? cJSON_GetArrayItem(values, 0) : NULL;
    return cJSON_IsString(only) ? span_of(only->valuestring) : (struct span){"", 0};
}

int translate_cluster_review(const cJSON *answer, struct span audience, struct wire_message *ret,
                             struct error *error)
{
    *ret = (struct wire_message){.kind = WIRE_REVIEW};
    if (!look_true(answer, LOOK("status", "authenticated")) || !audience.length ||
        !has_audience(answer, audience))
        return 0;
    ret->field[REVIEW_IS_VALID] = SPAN_LITERAL("1");
    ret->field[REVIEW_USER] = look_text(answer, LOOK("status", "user", "username"));
    ret->field[REVIEW_NODE] = extra(answer, "authentication.kubernetes.io/node-name");
    ret->field[REVIEW_POD_UID] = extra(answer, "authentication.kubernetes.io/pod-uid");
    return translate_check(ret, error);
}
