/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of the API as messages: what is taken from where, and what is passed over. */
#include <cjson/cJSON.h>
#include <errno.h>

#include "base/error.h"
#include "sync/translate_cluster.h"
#include "sync/translate_pod.h"
#include "sync/translate_secret.h"
#include "tests/unit/check.h"

static struct translate_pod_room pod_room;
static struct wire_message message;
static struct error error;

#define CHECK_FIELD(which, text) check_field(__FILE__, __LINE__, #which, which, text)

static void check_field(const char *file, int line, const char *what, unsigned which,
                        const char *text)
{
    if (!span_is(message.field[which], text))
        check_fail(file, line, "%s is \"%.*s\", not \"%s\"", what, (int)message.field[which].length,
                   message.field[which].data, text);
}

static cJSON *parse(const char *text)
{
    cJSON *object = cJSON_Parse(text);
    CHECK(object != NULL);
    return object;
}

static int pod(const char *text)
{
    static cJSON *object;
    cJSON_Delete(object);
    object = parse(text);
    error.text[0] = '\0';
    return translate_pod(object, &pod_room, &message, &error);
}

#define META                                                   \
    "\"metadata\":{\"name\":\"web-0\",\"namespace\":\"shop\"," \
    "\"uid\":\"0a7e2a3c-6a1f-4c3b-8f1c-2f9a4f3f6f11\",\"resourceVersion\":\"224\","

TEST(a_pod_with_its_containers)
{
    CHECK_EQ_INT(
        pod("{\"kind\":\"Pod\"," META "\"labels\":{\"app\":\"web\",\"tier\":\"\"}},"
            "\"spec\":{\"serviceAccountName\":\"web\",\"nodeName\":\"n1\"},"
            "\"status\":{\"phase\":\"Running\","
            "\"initContainerStatuses\":[{\"name\":\"i\",\"containerID\":\"containerd://aa\"}],"
            "\"containerStatuses\":[{\"name\":\"w\",\"containerID\":\"cri-o://bb\"},"
            "{\"name\":\"x\"},{\"name\":\"y\",\"containerID\":\"\"}],"
            "\"ephemeralContainerStatuses\":[{\"containerID\":\"containerd://cc\"}]}}"),
        0);
    CHECK_EQ_INT(message.kind, WIRE_POD);
    CHECK_FIELD(POD_UID, "0a7e2a3c-6a1f-4c3b-8f1c-2f9a4f3f6f11");
    CHECK_FIELD(POD_NAMESPACE, "shop");
    CHECK_FIELD(POD_NAME, "web-0");
    CHECK_FIELD(POD_SERVICE_ACCOUNT, "web");
    CHECK_FIELD(POD_LABELS, "app=web\ntier=\n");
    CHECK_FIELD(POD_CONTAINERS, "aa\nbb\ncc\n");
    CHECK_FIELD(POD_PHASE, "Running");
}

TEST(a_pod_that_has_just_been_made)
{
    CHECK_EQ_INT(pod("{" META "\"x\":1}}"), 0);
    CHECK_FIELD(POD_SERVICE_ACCOUNT, "");
    CHECK_FIELD(POD_LABELS, "");
    CHECK_FIELD(POD_CONTAINERS, "");
    CHECK_FIELD(POD_PHASE, "");
}

#define MIRROR(hash) "\"annotations\":{\"kubernetes.io/config.mirror\":" hash "}}}"

TEST(a_mirror_pod_has_the_uid_of_its_static_pod)
{
    CHECK_EQ_INT(pod("{" META MIRROR("\"4b0f3a5d1c2e6f708192a3b4c5d6e7f8\"")), 0);
    CHECK_FIELD(POD_UID, "4b0f3a5d1c2e6f708192a3b4c5d6e7f8");
}

/* Whoever may make pods may write this annotation: it must not name a pod of somebody else. */
TEST(a_mirror_that_names_another_pod_is_none)
{
    CHECK_EQ_INT(pod("{" META MIRROR("\"11111111-6a1f-4c3b-8f1c-2f9a4f3f6f11\"")), -EINVAL);
    CHECK_EQ_INT(pod("{" META MIRROR("\"4B0F3A5D1C2E6F708192A3B4C5D6E7F8\"")), -EINVAL);
    CHECK_EQ_INT(pod("{" META MIRROR("\"4b0f\"")), -EINVAL);
    CHECK_EQ_INT(pod("{" META MIRROR("\"\"")), -EINVAL);
    CHECK_EQ_INT(pod("{" META MIRROR("7")), -EINVAL);
}

TEST(a_pod_without_what_it_must_have)
{
    CHECK_EQ_INT(pod("{\"metadata\":{\"name\":\"a\",\"namespace\":\"b\"}}"), -EINVAL);
    CHECK_EQ_INT(pod("{\"metadata\":{\"name\":\"a\",\"uid\":\"u\"}}"), -EINVAL);
    CHECK_EQ_INT(pod("{\"metadata\":{\"namespace\":\"a\",\"uid\":\"u\"}}"), -EINVAL);
    CHECK_EQ_INT(pod("{\"metadata\":{\"name\":\"../a\",\"namespace\":\"b\",\"uid\":\"u\"}}"),
                 -EINVAL);
    CHECK_EQ_INT(pod("[]"), -EINVAL);
    CHECK_EQ_INT(pod("null"), -EINVAL);
}

/* A label with a line's end would be two. */
TEST(labels_that_are_none)
{
    CHECK_EQ_INT(pod("{" META "\"labels\":{\"a\":\"b\\nnamespace=x\"}}}"), -EINVAL);
    CHECK_EQ_INT(pod("{" META "\"labels\":{\"a=b\":\"c\"}}}"), -EINVAL);
    CHECK_EQ_INT(pod("{" META "\"labels\":{\"\":\"c\"}}}"), -EINVAL);
    CHECK_EQ_INT(pod("{" META "\"labels\":{\"a\":1}}}"), -EINVAL);
    CHECK_EQ_INT(pod("{" META "\"labels\":[\"a\"]}}"), -EINVAL);
    CHECK_EQ_INT(pod("{" META "\"labels\":null}}"), 0);
}

TEST(more_than_the_limits_is_passed_over_whole)
{
    static char text[400000];
    size_t at = (size_t)snprintf(text, sizeof text, "{" META "\"labels\":{");
    for (unsigned i = 0; i <= LIMIT_LABELS; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s\"l%u\":\"v\"", i ? "," : "", i);
    snprintf(text + at, sizeof text - at, "}}}");
    CHECK_EQ_INT(pod(text), -EINVAL);
    at = (size_t)snprintf(text, sizeof text,
                          "{" META "\"x\":1},\"status\":{\"containerStatuses\":[");
    for (unsigned i = 0; i < 1100; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "%s{\"containerID\":\"containerd://%064u\"}", i ? "," : "", i);
    snprintf(text + at, sizeof text - at, "]}}");
    CHECK_EQ_INT(pod(text), -EINVAL);
    at = (size_t)snprintf(text, sizeof text,
                          "{\"metadata\":{\"name\":\"a\",\"namespace\":\"b\",\"uid\":\"");
    memset(text + at, 'u', LIMIT_WIRE_UID + 1);
    snprintf(text + at + LIMIT_WIRE_UID + 1, 64, "\"}}");
    CHECK_EQ_INT(pod(text), -EINVAL);
}

/* ---- bindings ------------------------------------------------------------------------------- */

static int binding(const char *text, int is_gone)
{
    static cJSON *object;
    cJSON_Delete(object);
    object = parse(text);
    return translate_pod_binding(object, is_gone, &pod_room, &message, &error);
}

TEST(a_binding)
{
    CHECK_EQ_INT(binding("{\"metadata\":{\"name\":\"10-shop\"},\"spec\":{\"workload\":\"cart\","
                         "\"namespace\":\"shop\",\"serviceAccount\":\"default\","
                         "\"labels\":{\"app\":\"cart\"}}}",
                         0),
                 0);
    CHECK_EQ_INT(message.kind, WIRE_BINDING);
    CHECK_FIELD(BINDING_NAME, "10-shop");
    CHECK_FIELD(BINDING_WORKLOAD, "cart");
    CHECK_FIELD(BINDING_NAMESPACE, "shop");
    CHECK_FIELD(BINDING_SERVICE_ACCOUNT, "default");
    CHECK_FIELD(BINDING_LABELS, "app=cart\n");
    CHECK_EQ_INT(binding("{\"metadata\":{\"name\":\"10-shop\"},\"spec\":{\"workload\":\"cart\","
                         "\"labels\":{\"app\":\"cart\"}}}",
                         0),
                 0);
    CHECK_FIELD(BINDING_LABELS, "app=cart\n");
    CHECK_EQ_INT(binding("{\"metadata\":{\"name\":\"10-shop\"}}", 1), 0);
    CHECK_EQ_INT(message.kind, WIRE_BINDING_GONE);
}

/* A rule that lost one of its conditions would match more pods than it should. */
TEST(a_binding_loses_no_condition)
{
#define SPEC(rest) "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"workload\":\"w\"," rest "}}"
    CHECK_EQ_INT(binding(SPEC("\"namespace\":7"), 0), -EINVAL);
    CHECK_EQ_INT(binding(SPEC("\"serviceAccount\":[\"a\"]"), 0), -EINVAL);
    CHECK_EQ_INT(binding(SPEC("\"labels\":\"app=x\""), 0), -EINVAL);
    CHECK_EQ_INT(binding("{\"metadata\":{\"name\":\"a\"},\"spec\":{}}", 0), -EINVAL);
    CHECK_EQ_INT(binding("{\"spec\":{\"workload\":\"w\"}}", 0), -EINVAL);
}

/* ---- secrets -------------------------------------------------------------------------------- */

#define SECRET                                                                                   \
    "{\"metadata\":{\"name\":\"db\",\"namespace\":\"shop\",\"uid\":\"u-1\","                     \
    "\"resourceVersion\":\"77\",\"generation\":3,\"annotations\":{\"vsecm.com/"                  \
    "version\":\"1764000000\","                                                                  \
    "\"vsecm.com/created\":\"2026-11-01T00:00:00Z\",\"vsecm.com/"                                \
    "updated\":\"2026-11-24T00:00:00Z\","                                                        \
    "\"vsecm.com/not-before\":\"now\",\"vsecm.com/expires\":\"never\"}},"                        \
    "\"spec\":{\"sealed\":\"-----BEGIN\",\"allowRollback\":true,\"history\":["                   \
    "{\"version\":5,\"updated\":\"2026-11-02T00:00:00Z\",\"sealed\":\"old\"},{\"version\":4}]}," \
    "\"status\":{\"version\":7,\"error\":\"rollback\"}}"

TEST(a_secret_is_seen)
{
    struct translate_secret_room room;
    cJSON *object = parse(SECRET);
    CHECK_EQ_INT(translate_secret_seen(object, &room, &message, &error), 0);
    CHECK_EQ_INT(message.kind, WIRE_SEEN);
    CHECK_FIELD(SECRET_NAMESPACE, "shop");
    CHECK_FIELD(SECRET_NAME, "db");
    CHECK_FIELD(SECRET_UID, "u-1");
    CHECK_FIELD(SECRET_RESOURCE_VERSION, "77");
    CHECK_FIELD(SEEN_VERSION, "1764000000");
    CHECK_FIELD(SEEN_CREATED, "2026-11-01T00:00:00Z");
    CHECK_FIELD(SEEN_UPDATED, "2026-11-24T00:00:00Z");
    CHECK_FIELD(SEEN_NOT_BEFORE, "now");
    CHECK_FIELD(SEEN_EXPIRES, "never");
    CHECK_FIELD(SEEN_GENERATION, "3");
    CHECK_EQ_INT(translate_secret_gone(object, &message, &error), 0);
    CHECK_EQ_INT(message.kind, WIRE_GONE);
    CHECK_FIELD(SECRET_UID, "u-1");
    cJSON_Delete(object);
}

/* Whoever may write annotations must not be able to make a secret vanish from all nodes. */
TEST(a_secret_is_seen_whatever_it_claims)
{
    struct translate_secret_room room;
    cJSON *object = parse("{\"metadata\":{\"name\":\"db\",\"namespace\":\"shop\",\"uid\":\"u-1\","
                          "\"resourceVersion\":\"77\",\"annotations\":{\"vsecm.com/version\":"
                          "\"123456789012345678901\",\"vsecm.com/expires\":\"never\"}}}");
    CHECK_EQ_INT(translate_secret_seen(object, &room, &message, &error), 1);
    CHECK(error.text[0] != '\0');
    CHECK_FIELD(SECRET_NAME, "db");
    CHECK_FIELD(SECRET_RESOURCE_VERSION, "77");
    CHECK_FIELD(SEEN_VERSION, "");
    CHECK_FIELD(SEEN_EXPIRES, "");
    cJSON_Delete(object);
    object = parse("{\"metadata\":{\"name\":\"db\",\"namespace\":\"shop\",\"uid\":\"u-1\","
                   "\"resourceVersion\":\"77\",\"generation\":-1}}");
    CHECK_EQ_INT(translate_secret_seen(object, &room, &message, &error), 0);
    CHECK_FIELD(SECRET_RESOURCE_VERSION, "77");
    CHECK_FIELD(SEEN_GENERATION, "");
    cJSON_Delete(object);
}

TEST(a_secret_is_whole)
{
    struct translate_secret_room room;
    cJSON *object = parse(SECRET);
    CHECK_EQ_INT(translate_secret_whole(object, &room, &message, &error), 0);
    CHECK_EQ_INT(message.kind, WIRE_SECRET);
    CHECK_FIELD(SECRET_RESOURCE_VERSION, "77");
    CHECK_FIELD(WHOLE_GENERATION, "3");
    CHECK_FIELD(WHOLE_SEALED, "-----BEGIN");
    CHECK_FIELD(WHOLE_ALLOW_ROLLBACK, "1");
    CHECK_FIELD(WHOLE_STATUS_VERSION, "7");
    CHECK_FIELD(WHOLE_STATUS_ERROR, "rollback");
    cJSON_Delete(object);
    object = parse("{\"metadata\":{\"name\":\"db\",\"namespace\":\"shop\",\"generation\":1.5}}");
    CHECK_EQ_INT(translate_secret_whole(object, &room, &message, &error), -EINVAL);
    cJSON_Delete(object);
    object = parse("{\"metadata\":{\"name\":\"db\",\"namespace\":\"shop\"},\"status\":{\"version\":"
                   "9007199254740994}}");
    CHECK_EQ_INT(translate_secret_whole(object, &room, &message, &error), -EINVAL);
    cJSON_Delete(object);
}

TEST(a_secret_with_its_history)
{
    struct translate_secret_room room;
    cJSON *object = parse(SECRET);
    const cJSON *history = cJSON_GetObjectItem(cJSON_GetObjectItem(object, "spec"), "history");
    CHECK_EQ_INT(translate_secret_newest(object, &message, &error), 0);
    CHECK_EQ_INT(message.kind, WIRE_VERSION);
    CHECK_FIELD(VERSION_NUMBER, "1764000000");
    CHECK_FIELD(VERSION_UPDATED, "2026-11-24T00:00:00Z");
    CHECK_FIELD(VERSION_SEALED, "-----BEGIN");
    CHECK_EQ_INT(translate_secret_row(cJSON_GetArrayItem(history, 0), &room, &message, &error), 0);
    CHECK_FIELD(VERSION_NUMBER, "5");
    CHECK_FIELD(VERSION_SEALED, "old");
    CHECK_EQ_INT(translate_secret_row(cJSON_GetArrayItem(history, 1), &room, &message, &error),
                 -EINVAL);
    cJSON_Delete(object);
    object = parse("{\"metadata\":{\"name\":\"db\",\"namespace\":\"shop\"},\"spec\":{}}");
    CHECK_EQ_INT(translate_secret_newest(object, &message, &error), -ENOENT);
    cJSON_Delete(object);
}

/* ---- nodes, the key, reviews ------------------------------------------------------------------
 */

TEST(a_node_and_the_key)
{
    static struct translate_cluster_room room;
    cJSON *node =
        parse("{\"metadata\":{\"name\":\"n1.example\",\"resourceVersion\":\"9\"},\"spec\":{"
              "\"recipient\":\"age1x\",\"request\":\"please\",\"approved\":true}}");
    CHECK_EQ_INT(translate_cluster_node(node, 0, &message, &error), 0);
    CHECK_FIELD(NODE_NAME, "n1.example");
    CHECK_FIELD(NODE_RESOURCE_VERSION, "9");
    CHECK_FIELD(NODE_RECIPIENT, "age1x");
    CHECK_FIELD(NODE_REQUEST, "please");
    CHECK_FIELD(NODE_APPROVED, "1");
    CHECK_EQ_INT(translate_cluster_node(node, 1, &message, &error), 0);
    CHECK_EQ_INT(message.kind, WIRE_NODE_GONE);
    cJSON_Delete(node);

    cJSON *key =
        parse("{\"metadata\":{\"name\":\"root\",\"resourceVersion\":\"3\",\"uid\":\"u\"},"
              "\"spec\":{\"recipient\":\"age1r\",\"sealed\":\"s\",\"nodes\":[\"n1\",\"n2\"]}}");
    CHECK_EQ_INT(translate_cluster_key(key, 0, &room, &message, &error), 0);
    CHECK_FIELD(KEY_RESOURCE_VERSION, "3");
    CHECK_FIELD(KEY_RECIPIENT, "age1r");
    CHECK_FIELD(KEY_SEALED, "s");
    CHECK_FIELD(KEY_NODES, "n1\nn2\n");
    CHECK_FIELD(KEY_UID, "u");
    cJSON_Delete(key);
    key = parse("{\"metadata\":{\"name\":\"other\"}}");
    CHECK_EQ_INT(translate_cluster_key(key, 1, &room, &message, &error), -ENOENT);
    cJSON_Delete(key);
}

static int review(const char *status, const char *audience)
{
    static cJSON *object;
    cJSON_Delete(object);
    object = parse(status);
    CHECK_EQ_INT(translate_cluster_review(object, span_of(audience), &message, &error), 0);
    return message.field[REVIEW_IS_VALID].length != 0;
}

#define USER                                                                               \
    "\"user\":{\"username\":\"system:serviceaccount:vsecm-system:vsecm-safe\",\"extra\":{" \
    "\"authentication.kubernetes.io/node-name\":[\"n1\"],"                                 \
    "\"authentication.kubernetes.io/pod-uid\":[\"p-1\"]}}"

TEST(a_review_is_for_the_audience)
{
    CHECK(review("{\"status\":{\"authenticated\":true,\"audiences\":[\"x\",\"vsecm\"]," USER "}}",
                 "vsecm"));
    CHECK_FIELD(REVIEW_USER, "system:serviceaccount:vsecm-system:vsecm-safe");
    CHECK_FIELD(REVIEW_NODE, "n1");
    CHECK_FIELD(REVIEW_POD_UID, "p-1");
    CHECK(!review("{\"status\":{\"authenticated\":true,\"audiences\":[\"x\"]," USER "}}", "vsecm"));
    CHECK_FIELD(REVIEW_USER, "");
    CHECK(!review("{\"status\":{\"authenticated\":true," USER "}}", "vsecm"));
    CHECK(!review("{\"status\":{\"authenticated\":true,\"audiences\":[\"\"]," USER "}}", ""));
    CHECK(!review("{\"status\":{\"authenticated\":\"true\",\"audiences\":[\"vsecm\"]," USER "}}",
                  "vsecm"));
    CHECK(!review("{\"status\":{\"audiences\":[\"vsecm\"]," USER "}}", "vsecm"));
    CHECK(!review("{}", "vsecm"));
    CHECK(review(
        "{\"status\":{\"authenticated\":true,\"audiences\":[\"vsecm\"],\"user\":{\"username\":"
        "\"u\",\"extra\":{\"authentication.kubernetes.io/node-name\":[\"n1\",\"n2\"]}}}}",
        "vsecm"));
    CHECK_FIELD(REVIEW_NODE, "");
}

CHECK_MAIN
