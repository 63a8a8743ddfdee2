/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of the API as messages: whatever comes, a message is within its limits, and its lists
 * have as many lines as they have items. */
#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/writer.h"
#include "sync/revise.h"
#include "sync/translate_cluster.h"
#include "sync/translate_pod.h"
#include "sync/translate_secret.h"
#include "tests/fuzz/fuzz.h"

static struct translate_pod_room pod;
static struct translate_cluster_room cluster;
static struct translate_secret_room secret;

static void check(int r, const struct wire_message *message, const struct error *error)
{
    MUST(r == 0 || error->text[0]);
    MUST(r < 0 || (wire_says(WIRE_SYNC, message->kind) && wire_fits(message, NULL)));
}

static void translate(const cJSON *object)
{
    struct wire_message message;
    struct error error = {""};
    check(translate_pod(object, &pod, &message, &error), &message, &error);
    check(translate_pod_gone(object, &message, &error), &message, &error);
    for (int is_gone = 0; is_gone < 2; is_gone++) {
        check(translate_pod_binding(object, is_gone, &pod, &message, &error), &message, &error);
        check(translate_cluster_node(object, is_gone, &message, &error), &message, &error);
        check(translate_cluster_key(object, is_gone, &cluster, &message, &error), &message, &error);
    }
    check(translate_secret_seen(object, &secret, &message, &error), &message, &error);
    check(translate_secret_gone(object, &message, &error), &message, &error);
    check(translate_secret_whole(object, &secret, &message, &error), &message, &error);
    check(translate_secret_newest(object, &message, &error), &message, &error);
    check(translate_secret_row(object, &secret, &message, &error), &message, &error);
    check(translate_cluster_review(object, SPAN_LITERAL("vsecm"), &message, &error), &message,
          &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {""};
    struct wire_message put = {.kind = WIRE_PUT};
    cJSON *object = cJSON_ParseWithLength((const char *)data, size);
    if (!object)
        return 0;
    translate(object);
    put.field[PUT_KEEP] = SPAN_LITERAL("2");
    put.field[PUT_SEALED] = SPAN_LITERAL("new");
    put.field[SEEN_VERSION] = SPAN_LITERAL("9");
    if (revise_secret(object, &put, &error) == 0)
        translate(object);
    cJSON_Delete(object);
    return 0;
}
