/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/pods.h"

#include <errno.h>
#include <fcntl.h>

#include "cluster/link.h"
#include "identity/binding.h"
#include "identity/identity.h"
#include "identity/place.h"
#include "identity/registry.h"
#include "tests/unit/links.h"
#include "tests/unit/scratch.h"

#define A "aaaaaaaa-0000-0000-0000-000000000001"
#define B "bbbbbbbb-0000-0000-0000-000000000002"
#define C "cccccccc-0000-0000-0000-000000000003"

static struct {
    struct pods *pods;
    int dir;
    unsigned changes;
    struct bindings *own;
    const char *identities;
    const char *said; /* by pods_new() */
    struct error error;
} node;

static void on_changed(void *context, const struct registry *registry)
{
    CHECK(context == &node);
    CHECK(registry == pods_registry(node.pods));
    node.changes++;
}

static void start(void)
{
    const struct pods_options options = {.loop = links.loop,
                                         .link = links.link,
                                         .dir = node.dir,
                                         .identities = node.identities,
                                         .own = node.own,
                                         .changed = on_changed,
                                         .context = &node};
    node.error.text[0] = '\0';
    node.changes = 0;
    if (pods_new(&options, &node.pods, &node.error) < 0)
        check_fail(__FILE__, __LINE__, "%s", node.error.text);
}

/* A node that has never run. */
static void begin(void)
{
    static char identities[128];
    node.dir = open(scratch_new(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(node.dir >= 0);
    snprintf(identities, sizeof identities, "%s", scratch_path("identities"));
    node.identities = identities;
    node.own = NULL;
    links_begin();
    start();
}

static void stop(void)
{
    pods_free(node.pods);
    links_end();
}

/* The daemon ends and starts again; nobody is at the other end. */
static void restart(void)
{
    stop();
    links_begin();
    start();
}

static void end(void)
{
    stop();
    binding_free(node.own);
    close(node.dir);
}

static const struct identity *find(const char *uid)
{
    struct place place = {.kind = PLACE_POD};
    memcpy(place.pod_uid, uid, strlen(uid));
    return registry_find(pods_registry(node.pods), &place);
}

/* The key of pod UID; NULL when nobody is known there. */
static const char *key(const char *uid)
{
    const struct identity *identity = find(uid);
    return identity ? identity->key : NULL;
}

static void say_pod(const char *uid, const char *account, const char *labels)
{
    links_say(WIRE_POD, uid, "app", "pod-0", account, labels, "", "Running");
}

static void list_bindings_of_none(void)
{
    links_say(WIRE_RESET, "bindings");
    links_say(WIRE_SYNCED, "bindings");
}

/* The list of pods, with those that are not NULL. */
static void list_pods(const char *first, const char *second)
{
    links_say(WIRE_RESET, "pods");
    if (first)
        say_pod(first, "web", "");
    if (second)
        say_pod(second, "db", "");
    links_say(WIRE_SYNCED, "pods");
    links_run(30);
}

static void write_readers(char *ret, size_t size, const char *of)
{
    struct writer w = writer_on(ret, size - 1);
    pods_write_readers(&w, node.pods, span_of(of));
    ret[w.used] = '\0';
}

/* ---- lists -------------------------------------------------------------------------------------
 */

TEST(pods_are_known_once_both_lists_are_complete)
{
    begin();
    links_attach();
    CHECK(registry_is_unseen(pods_registry(node.pods)));
    CHECK(!pods_are_synced(node.pods));
    list_pods(A, B);
    CHECK(pods_are_synced(node.pods));
    CHECK_STR(key(A), NULL); /* by a rule that is not here yet it may be somebody else */
    CHECK(registry_is_unseen(pods_registry(node.pods)));
    list_bindings_of_none();
    links_run(30);
    CHECK_STR(key(A), "app/web");
    CHECK_STR(key(B), "app/db");
    CHECK_STR(find(A)->pod, "pod-0");
    CHECK(!registry_is_unseen(pods_registry(node.pods)));
    CHECK_EQ_INT(pods_count(node.pods), 2);
    end();
}

TEST(a_burst_makes_one_registry)
{
    begin();
    links_attach();
    list_bindings_of_none();
    links_run(30);
    unsigned before = node.changes;
    list_pods(A, B);
    CHECK_EQ_INT(node.changes, before + 1);
    say_pod(A, "web", ""); /* nothing new */
    links_run(30);
    CHECK_EQ_INT(node.changes, before + 1);
    end();
}

TEST(a_pod_comes_and_goes)
{
    begin();
    links_attach();
    list_bindings_of_none();
    list_pods(A, NULL);
    say_pod(B, "db", "");
    links_run(30);
    CHECK_STR(key(B), "app/db");
    CHECK(pods_need(node.pods, span_of("app/db")));
    links_say(WIRE_POD_GONE, B);
    links_run(30);
    CHECK_STR(key(B), NULL);
    CHECK(!pods_need(node.pods, span_of("app/db")));
    CHECK_STR(key(A), "app/web");
    end();
}

TEST(a_pod_that_has_ended_is_nobody)
{
    static const char *const phases[] = {"Succeeded", "Failed"};
    begin();
    links_attach();
    list_bindings_of_none();
    list_pods(A, NULL);
    for (size_t i = 0; i < 2; i++) {
        say_pod(A, "web", "");
        links_run(30);
        CHECK_STR(key(A), "app/web");
        links_say(WIRE_POD, A, "app", "pod-0", "web", "", "", phases[i]);
        links_run(30);
        CHECK_STR(key(A), NULL);
        CHECK_EQ_INT(pods_count(node.pods), 0);
    }
    end();
}

TEST(nobody_loses_anything_while_a_list_is_told_again)
{
    begin();
    links_attach();
    list_bindings_of_none();
    list_pods(A, B);
    links_say(WIRE_RESET, "pods");
    links_run(30);
    CHECK(key(A) && key(B));
    say_pod(A, "web", "");
    say_pod(C, "web", "");
    links_run(30);
    CHECK(key(A) && key(B) && key(C));
    links_say(WIRE_SYNCED, "pods");
    links_run(30);
    CHECK(key(A) && !key(B) && key(C));
    end();
}

TEST(a_list_that_broke_off_ends_nobody)
{
    begin();
    links_attach();
    list_bindings_of_none();
    list_pods(A, B);
    links_say(WIRE_RESET, "pods");
    links_run(10);
    links_hang_up();
    links_run(30);
    CHECK(key(A) && key(B));
    links_attach();
    links_say(WIRE_SYNCED, "pods"); /* of a list that had no beginning */
    links_run(30);
    CHECK(key(A) && key(B));
    list_bindings_of_none();
    list_pods(NULL, B);
    CHECK(!key(A) && key(B));
    end();
}

/* ---- bindings ----------------------------------------------------------------------------------
 */

TEST(bindings_are_tried_in_the_order_of_their_names)
{
    begin();
    links_attach();
    links_say(WIRE_RESET, "bindings");
    links_say(WIRE_BINDING, "b", "second", "app", "web", "");
    links_say(WIRE_BINDING, "a", "first", "", "", "tier=gold\ntrack=x");
    links_say(WIRE_SYNCED, "bindings");
    links_say(WIRE_RESET, "pods");
    say_pod(A, "web", "track=x\ntier=gold\n");
    say_pod(B, "web", "tier=gold");
    say_pod(C, "db", "");
    links_say(WIRE_SYNCED, "pods");
    links_run(30);
    CHECK_STR(key(A), "app/first");
    CHECK_STR(key(B), "app/second");
    CHECK_STR(key(C), "app/db");
    links_say(WIRE_BINDING_GONE, "a");
    links_run(30);
    CHECK_STR(key(A), "app/second");
    links_say(WIRE_BINDING, "b", "third", "app", "", "");
    links_run(30);
    CHECK_STR(key(A), "app/third");
    CHECK_STR(key(C), "app/third");
    end();
}

TEST(rules_of_the_node_come_first)
{
    struct error error = {""};
    begin();
    stop();
    CHECK_EQ_INT(binding_load(scratch_file("own", "mine namespace=app service-account=web\n"),
                              &node.own, &error),
                 0);
    links_begin();
    start();
    links_attach();
    links_say(WIRE_RESET, "bindings");
    links_say(WIRE_BINDING, "a", "theirs", "", "", "");
    links_say(WIRE_SYNCED, "bindings");
    list_pods(A, B);
    CHECK_STR(key(A), "app/mine");
    CHECK_STR(key(B), "app/theirs");
    end();
}

/* What of the rules came may be half of them. */
TEST(while_rules_are_listed_nobody_becomes_somebody_else)
{
    begin();
    links_attach();
    links_say(WIRE_RESET, "bindings");
    links_say(WIRE_BINDING, "a", "gold", "app", "web", "");
    links_say(WIRE_SYNCED, "bindings");
    list_pods(A, NULL);
    CHECK_STR(key(A), "app/gold");
    links_say(WIRE_RESET, "bindings");
    say_pod(A, "web", "new=label");
    say_pod(B, "web", "");
    links_say(WIRE_BINDING, "a", "gold", "other", "", "");
    links_run(30);
    CHECK_STR(key(A), "app/gold"); /* and not web, by chance */
    CHECK_STR(key(B), NULL);
    links_hang_up();
    links_run(30);
    CHECK_STR(key(A), "app/gold");
    links_attach();
    links_say(WIRE_POD_GONE, B);
    links_say(WIRE_RESET, "bindings");
    links_say(WIRE_BINDING, "c", "silver", "app", "", "");
    links_say(WIRE_SYNCED, "bindings");
    links_run(30);
    CHECK_STR(key(A), "app/silver");
    end();
}

/* ---- what breaks a rule ------------------------------------------------------------------------
 */

TEST(bad_pods_are_left_out)
{
    static const char *const rows[][6] = {
        {"not-a-uid", "app", "p", "web", ""},
        {"AAAAAAAA-0000-0000-0000-000000000001", "app", "p", "web", ""},
        {A, "App", "p", "web", ""},
        {A, "", "p", "web", ""},
        {A, "app", "", "web", ""},
        {A, "app", "p/q", "web", ""},
        {A, "app", "p", "we b", ""},
        {A, "app", "p", "web", "nothing"},
        {A, "app", "p", "web", "=x"},
        {A, "app", "p", "web", "k=a b"},
        {A, "app", "p", "web", "a=1\n\nb=2"},
    };
    struct pods_stats stats;
    begin();
    links_attach();
    list_bindings_of_none();
    list_pods(B, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const *row = rows[i];
        links_say(WIRE_POD, row[0], row[1], row[2], row[3], row[4], "", "Running");
        links_run(10);
        CHECK_STR(key(A), NULL);
        pods_read_stats(node.pods, &stats);
        CHECK_EQ_INT(stats.left_out, i + 1);
        CHECK_EQ_INT(stats.pods, 1);
    }
    say_pod(A, "web", "");
    links_run(10);
    CHECK_STR(key(A), "app/web");
    links_say(WIRE_POD, A, "app", "pod-0", "we b", "", "", "Running");
    links_run(10);
    CHECK_STR(key(A), NULL); /* it is not who it was either */
    end();
}

TEST(a_service_account_that_is_no_workload_needs_a_binding)
{
    struct pods_stats stats;
    begin();
    links_attach();
    list_bindings_of_none();
    links_say(WIRE_RESET, "pods");
    say_pod(A, "a.b", "");
    say_pod(B, "", "");
    links_say(WIRE_SYNCED, "pods");
    links_run(30);
    CHECK(!key(A) && !key(B));
    pods_read_stats(node.pods, &stats);
    CHECK_EQ_INT(stats.nobody, 2);
    links_say(WIRE_BINDING, "x", "ab", "", "a.b", "");
    links_run(30);
    CHECK_STR(key(A), "app/ab");
    end();
}

TEST(bad_bindings_are_left_out)
{
    static const char *const rows[][5] = {
        {"A", "w", "", "", ""},  {"", "w", "", "", ""},     {"a", "w.x", "", "", ""},
        {"a", "", "", "", ""},   {"a", "w", "n.s", "", ""}, {"a", "w", "", "S", ""},
        {"a", "w", "", "", "k"},
    };
    struct pods_stats stats;
    begin();
    links_attach();
    list_bindings_of_none();
    list_pods(A, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const *row = rows[i];
        links_say(WIRE_BINDING, row[0], row[1], row[2], row[3], row[4]);
        links_run(10);
        CHECK_STR(key(A), "app/web");
        pods_read_stats(node.pods, &stats);
        CHECK_EQ_INT(stats.left_out, i + 1);
        CHECK_EQ_INT(stats.bindings, 0);
    }
    end();
}

/* ---- who reads what ----------------------------------------------------------------------------
 */

TEST(readers_of_a_key)
{
    char text[256];
    begin();
    links_attach();
    list_bindings_of_none();
    links_say(WIRE_RESET, "pods");
    links_say(WIRE_POD, A, "app", "one", "web", "", "", "Running");
    links_say(WIRE_POD, B, "app", "two", "web", "", "", "Pending");
    links_say(WIRE_POD, C, "other", "three", "web", "", "", "Running");
    links_say(WIRE_SYNCED, "pods");
    links_run(30);
    write_readers(text, sizeof text, "app/web");
    CHECK_EQ_INT(strlen(text), strlen("app/one\napp/two\n"));
    CHECK(strstr(text, "app/one\n") && strstr(text, "app/two\n"));
    write_readers(text, sizeof text, "other/web");
    CHECK_STR(text, "other/three\n");
    write_readers(text, sizeof text, "app/none");
    CHECK_STR(text, "");
    end();
}

/* ---- the files ---------------------------------------------------------------------------------
 */

TEST(pods_are_known_after_a_restart)
{
    struct stat st;
    begin();
    links_attach();
    links_say(WIRE_RESET, "bindings");
    links_say(WIRE_BINDING, "a", "gold", "", "web", "");
    links_say(WIRE_SYNCED, "bindings");
    list_pods(A, B);
    CHECK_EQ_INT(fstatat(node.dir, "pods", &st, 0), 0);
    CHECK_EQ_INT(st.st_mode & 07777, 0600);
    restart();
    CHECK_STR(node.error.text, "");
    CHECK_STR(key(A), "app/gold");
    CHECK_STR(key(B), "app/db");
    CHECK_STR(find(B)->service_account, "db");
    CHECK(pods_need(node.pods, span_of("app/gold")));
    CHECK(!pods_are_synced(node.pods));
    CHECK(registry_is_unseen(pods_registry(node.pods)));
    /* The first list of the new life takes nothing from whoever is still there. */
    links_attach();
    links_say(WIRE_RESET, "pods");
    links_run(30);
    say_pod(B, "db", "");
    links_run(30);
    CHECK(key(A) && key(B));
    links_say(WIRE_SYNCED, "pods");
    links_run(30);
    CHECK(!key(A) && key(B));
    list_bindings_of_none();
    links_run(30);
    CHECK_STR(key(B), "app/db");
    CHECK(!registry_is_unseen(pods_registry(node.pods)));
    end();
}

TEST(the_file_is_written_at_most_once_a_second_and_at_the_end)
{
    struct stat first, second;
    begin();
    links_attach();
    list_bindings_of_none();
    list_pods(A, NULL);
    CHECK_EQ_INT(fstatat(node.dir, "pods", &first, 0), 0);
    say_pod(B, "db", "");
    links_run(50);
    CHECK_EQ_INT(fstatat(node.dir, "pods", &second, 0), 0);
    CHECK_EQ_INT(first.st_ino, second.st_ino);
    links_run(1100);
    CHECK_EQ_INT(fstatat(node.dir, "pods", &second, 0), 0);
    CHECK(first.st_ino != second.st_ino);
    say_pod(C, "web", "");
    links_run(50);
    restart();
    CHECK_STR(key(C), "app/web");
    end();
}

TEST(a_file_that_is_torn_is_not_used)
{
    static const char *const texts[] = {"", "pod " A " namespace=app workload=web\n",
                                        "pod " A " namespace=app workload=we\n# crc32c 00000000\n"};
    begin();
    links_attach();
    list_bindings_of_none();
    list_pods(A, B);
    stop();
    char whole[1024];
    int fd = openat(node.dir, "pods", O_RDONLY | O_CLOEXEC);
    ssize_t length = read(fd, whole, sizeof whole);
    close(fd);
    CHECK(length > 100);
    for (ssize_t i = 0; i <= length; i++) {
        if (i == length - 1)
            continue;
        scratch_bytes("pods", whole, (size_t)i);
        links_begin();
        start();
        CHECK_EQ_INT(pods_count(node.pods), i == length ? 2 : 0);
        CHECK_EQ_INT(node.error.text[0] != 0, i != length);
        if (i < length)
            stop();
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        stop();
        scratch_file("pods", texts[i]);
        links_begin();
        start();
        CHECK_EQ_INT(pods_count(node.pods), 0);
        CHECK(strstr(node.error.text, "torn or was changed") != NULL);
    }
    end();
}

TEST(identities_of_the_node_go_first)
{
    struct error error = {""};
    begin();
    stop();
    scratch_file("identities", "pod " A " namespace=app workload=mine\n"
                               "unit x.service namespace=host workload=x\n");
    links_begin();
    start();
    CHECK_STR(key(A), "app/mine");
    CHECK(pods_need(node.pods, span_of("host/x")));
    links_attach();
    list_bindings_of_none();
    list_pods(A, B);
    CHECK_STR(key(A), "app/mine");
    CHECK_STR(key(B), "app/db");
    scratch_file("identities", "pod " A " namespace=app\n");
    CHECK(pods_reload(node.pods, NULL, &error) < 0);
    CHECK(strstr(error.text, "line 1") != NULL);
    CHECK_STR(key(A), "app/mine");
    scratch_file("identities", "");
    unsigned before = node.changes;
    CHECK_EQ_INT(pods_reload(node.pods, NULL, &error), 0);
    CHECK_EQ_INT(node.changes, before + 1);
    CHECK_STR(key(A), "app/web");
    CHECK(!pods_need(node.pods, span_of("host/x")));
    CHECK_EQ_INT(binding_load(scratch_file("own", "own service-account=web\n"), &node.own, &error),
                 0);
    CHECK_EQ_INT(pods_reload(node.pods, node.own, &error), 0);
    CHECK_STR(key(A), "app/own");
    end();
}

TEST(as_many_pods_as_there_may_be)
{
    char uid[64];
    struct pods_stats stats;
    begin();
    links_attach();
    list_bindings_of_none();
    links_say(WIRE_RESET, "pods");
    for (unsigned i = 0; i < LIMIT_IDENTITIES + 2; i++) {
        snprintf(uid, sizeof uid, "aaaaaaaa-0000-0000-0000-%012x", i);
        say_pod(uid, "web", "");
    }
    links_say(WIRE_SYNCED, "pods");
    links_run(500);
    pods_read_stats(node.pods, &stats);
    CHECK_EQ_INT(stats.pods, LIMIT_IDENTITIES);
    CHECK_EQ_INT(stats.left_out, 2);
    CHECK_EQ_INT(stats.save_error, 0);
    CHECK_EQ_INT(registry_count(pods_registry(node.pods)), LIMIT_IDENTITIES);
    end();
}

CHECK_MAIN
