/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node with all its parts: the root key that it makes, pods that it is told of, secrets that it
 * fetches and stores. Only what Kubernetes says is the test's.
 */
#include "cluster/pods.h"
#include "cluster/sealed_record.h"
#include "cluster/secrets.h"
#include "crypto/age_key.h"
#include "store/record.h"
#include "store/upstream.h"
#include "tests/unit/clusters.h"
#include "tests/unit/stores.h"
#include "tests/unit/sync_side.h"

#define A "aaaaaaaa-0000-0000-0000-000000000001"
#define B "bbbbbbbb-0000-0000-0000-000000000002"

static struct stores stores;
static struct pods *pods;
static struct secrets *secrets;
static struct error error;
static int changes; /* of the root key that were looked at */
static unsigned settled;
static int result;
static uint64_t ticket;

static struct clusters_node *node(void)
{
    return &clusters.nodes[0];
}

/* ---- the parts ------------------------------------------------------------------------------- */

static void on_pods(void *context, const struct registry *registry)
{
    (void)context, (void)registry;
    if (secrets)
        secrets_look_again(secrets);
}

static void on_settled(void *context, uint64_t first, uint64_t last, int r)
{
    (void)context;
    CHECK(first == ticket && last == ticket);
    settled++;
    result = r;
}

/* What concerns secrets. */
static void on_other(struct clusters_node *from, const struct wire_message *message)
{
    sync_side.channel = from->channel;
    sync_side_on_message(NULL, message);
}

static void start(void)
{
    clusters_start_alone(0, ROOT_AUTO, "");
    clusters.other = on_other;
    changes = 0;
    const struct pods_options of_pods = {.loop = clusters.loop,
                                         .link = node()->link,
                                         .dir = node()->dir,
                                         .identities = "",
                                         .changed = on_pods};
    CHECK_EQ_INT(pods_new(&of_pods, &pods, &error), 0);
    const struct secrets_options of_secrets = {.loop = clusters.loop,
                                               .arena = clusters.arena,
                                               .link = node()->link,
                                               .store = stores.store,
                                               .root = node()->root,
                                               .pods = pods,
                                               .versions = 3,
                                               .max = 50,
                                               .settled = on_settled};
    CHECK_EQ_INT(secrets_new(&of_secrets, &secrets), 0);
}

static void stop(void)
{
    secrets_free(secrets);
    secrets = NULL;
    pods_free(pods);
    sync_side.channel = NULL;
    clusters_stop(0);
}

/* ---- turning --------------------------------------------------------------------------------- */

static int (*wanted)(void);

/* As the daemon does when the root key is another. */
static int look(void)
{
    if (node()->changes != changes) {
        changes = node()->changes;
        secrets_look_again(secrets);
    }
    return wanted();
}

static int run_until(int (*done)(void))
{
    wanted = done;
    return clusters_run(look, 8000);
}

static int knows_root(void)
{
    return root_recipient(node()->root) != NULL;
}

static int knows_pods(void)
{
    return link_is_up(node()->link) && pods_need(pods, SPAN_LITERAL("app/web"));
}

static int has_settled(void)
{
    return settled > 0;
}

static int is_at(const char *key, const char *value, uint64_t number)
{
    const struct store_version *version = store_find(stores.store, span_of(key));
    return version && version->block && span_is(version->value, value) && version->number == number;
}

static int web_is_one(void)
{
    return is_at("app/web", "one", 1);
}

static int web_is_two(void)
{
    return is_at("app/web", "two", 2);
}

static int db_is_far(void)
{
    return is_at("app/db", "far", 1);
}

/* ---- what Kubernetes says -------------------------------------------------------------------- */

static void say_pod(const char *uid, const char *account)
{
    struct wire_message pod = {.kind = WIRE_POD};
    pod.field[POD_UID] = span_of(uid);
    pod.field[POD_NAMESPACE] = SPAN_LITERAL("app");
    pod.field[POD_NAME] = SPAN_LITERAL("pod-0");
    pod.field[POD_SERVICE_ACCOUNT] = span_of(account);
    pod.field[POD_PHASE] = SPAN_LITERAL("Running");
    sync_side_send(&pod);
}

static void connect_it(void)
{
    clusters_connect(0);
    CHECK(run_until(knows_root));
    sync_side.channel = node()->channel;
    sync_side_say(WIRE_RESET, "bindings", "");
    sync_side_say(WIRE_SYNCED, "bindings", "");
    sync_side_say(WIRE_RESET, "pods", "");
    say_pod(A, "web");
    sync_side_say(WIRE_SYNCED, "pods", "");
    sync_side_list();
    CHECK(run_until(knows_pods));
}

static int put(const char *key, const char *value)
{
    const struct upstream *upstream = secrets_upstream(secrets);
    struct change_conflict conflict;
    struct span name = span_of(key);
    const struct change_put change = {
        .value = span_of(value), .validity = VALIDITY_ALWAYS, .if_version = CHANGE_ANY_VERSION};
    settled = 0;
    int r = upstream->put(upstream->self, &name, 1, &change, clock_wall_us(), &ticket, &conflict);
    if (r != -EINPROGRESS)
        return r;
    CHECK(run_until(has_settled));
    return result;
}

static void begin(void)
{
    stores = (struct stores){.arena = NULL};
    stores_begin(&stores, 16 * ARENA_MIB, 50, 3);
    clusters_begin_in(stores.arena);
    start();
}

static void end(void)
{
    stop();
    clusters_end();
    sync_side_done();
    stores_end(&stores);
}

/* ---- the tests ------------------------------------------------------------------------------- */

TEST(first_node_from_nothing)
{
    begin();
    CHECK_EQ_INT(put("app/web", "one"), -EHOSTUNREACH);
    connect_it();
    CHECK_EQ_INT(put("app/web", "one"), 0);
    CHECK(web_is_one());
    CHECK_EQ_INT(put("app/db", "far"), 0);
    CHECK(!db_is_far()); /* no pod of this node is that */
    say_pod(B, "db");
    CHECK(run_until(db_is_far));
    CHECK(!memmem(sync_side_find("app/db")->sealed, sync_side_find("app/db")->length, "far", 3));
    end();
}

/* The cluster is away: what was known is served, and what changed meanwhile comes with it. */
TEST(second_life)
{
    begin();
    connect_it();
    CHECK_EQ_INT(put("app/web", "one"), 0);
    stop();
    start();
    CHECK(web_is_one() && knows_root());
    CHECK_EQ_INT(put("app/web", "x"), -EHOSTUNREACH);
    connect_it();
    CHECK_EQ_INT(put("app/web", "two"), 0);
    CHECK(web_is_two());
    end();
}

static int has_two_keys(void)
{
    size_t count = 0;
    root_identities(node()->root, &count);
    return count == 2;
}

static struct span object_web(void)
{
    const struct sync_side_object *web = sync_side_find("app/web");
    return (struct span){web->sealed, web->length};
}

/* What was sealed to the old key opens, what is sealed from now on is sealed to the new one. */
TEST(root_key_is_changed)
{
    size_t count = 0;
    struct record record;
    begin();
    connect_it();
    CHECK_EQ_INT(put("app/db", "far"), 0);
    CHECK_EQ_INT(root_rekey(node()->root, "", &error), 0);
    CHECK(run_until(has_two_keys));
    say_pod(B, "db");
    CHECK(run_until(db_is_far));
    CHECK_EQ_INT(put("app/web", "one"), 0);
    CHECK(web_is_one());
    const struct age_identity *keys = root_identities(node()->root, &count);
    CHECK_EQ_INT(sealed_record_read(clusters.arena, object_web(), &keys[1], 1, &record), -ENOKEY);
    CHECK_EQ_INT(sealed_record_read(clusters.arena, object_web(), &keys[0], 1, &record), 0);
    record_done(clusters.arena, &record);
    end();
}

CHECK_MAIN
