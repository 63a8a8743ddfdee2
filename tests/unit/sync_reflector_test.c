/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/reflector.h"

#include <cjson/cJSON.h>

#include "base/build.h"
#include "base/clock.h"
#include "sync/api.h"
#include "tests/unit/api_server.h"
#include "tests/unit/check.h"

static struct loop *loop;
static struct api *api;
static struct reflector *reflector;
static char told[8192], seen[8192];
static uint64_t counted;
static int is_quiet;        /* objects are counted, not told */
static const char *stop_at; /* what is told last */
static const char *free_at; /* where the reflector is freed */

/* ---- what the owner is told -------------------------------------------------------------------
 */

static void tell(const char *what)
{
    size_t used = strlen(told);
    snprintf(told + used, sizeof told - used, "%s%s", used ? " " : "", what);
    if (free_at && strcmp(what, free_at) == 0) {
        reflector_free(reflector);
        reflector = NULL;
    }
    size_t length = strlen(told), end = stop_at ? strlen(stop_at) : 0;
    if (end && length >= end && strcmp(told + length - end, stop_at) == 0)
        loop_stop(loop);
}

static void tell_object(char sign, const cJSON *object)
{
    char text[64];
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metadata, "name"));
    counted++;
    snprintf(text, sizeof text, "%c%s", sign, name ? name : "?");
    if (!is_quiet)
        tell(text);
}

static void on_reset(void *context)
{
    (void)context;
    tell("reset");
}

static void on_object(void *context, const cJSON *object)
{
    (void)context;
    tell_object('+', object);
}

static void on_gone(void *context, const cJSON *object)
{
    (void)context;
    tell_object('-', object);
}

static void on_synced(void *context)
{
    (void)context;
    tell("synced");
}

static void on_state(void *context, int is_up, const char *why)
{
    (void)context;
    char text[1024];
    snprintf(text, sizeof text, is_up ? "up%s" : "down(%s)", why);
    tell(text);
}

/* ---- a reflector of a script ------------------------------------------------------------------
 */

static void end_reflector(void)
{
    reflector_free(reflector);
    reflector = NULL;
    api_free(api);
    api = NULL;
}

static void begin_with(const char *url, const char *path, const char *query, const char *accept)
{
    end_reflector();
    CHECK(loop || loop_new(&loop) == 0);
    api = api_server_client(loop, url, api_server.ca, NULL);
    told[0] = '\0';
    counted = 0;
    is_quiet = 0;
    free_at = NULL;
    const struct reflector_options options = {.loop = loop,
                                              .api = api,
                                              .path = path,
                                              .query = query,
                                              .accept = accept,
                                              .max_object = 65536,
                                              .reset = on_reset,
                                              .object = on_object,
                                              .gone = on_gone,
                                              .synced = on_synced,
                                              .state = on_state};
    reflector = reflector_new(&options);
    CHECK(reflector != NULL);
}

static void begin(const char *script)
{
    char path[64];
    api_server_start("http2");
    snprintf(path, sizeof path, "/script/%s", script);
    begin_with(api_server.url, path, "", NULL);
}

/* Until the last that is told is LAST. Returns how long it took. */
static uint64_t run_to(const char *last)
{
    uint64_t start = clock_mono_ms();
    stop_at = last;
    if (!api_server_run(loop, 20000))
        check_fail(__FILE__, __LINE__, "after \"%s\" there was no \"%s\"", told, last);
    stop_at = NULL;
    return clock_mono_ms() - start;
}

static void run_for(unsigned ms)
{
    CHECK(!api_server_run(loop, ms));
}

static void on_seen(void *context, const struct api_end *end)
{
    (void)context;
    CHECK_EQ_INT(end->status, 200);
    snprintf(seen, sizeof seen, "%.*s", (int)end->body.length, end->body.data);
    loop_stop(loop);
}

/* The requests that the server has seen for SCRIPT, one a line. */
static const char *ask_seen(const char *script)
{
    char path[64];
    snprintf(path, sizeof path, "/seen?of=%s", script);
    struct api_request request = {.path = path, .max = sizeof seen - 1, .done = on_seen};
    CHECK_EQ_INT(api_call(api, &request, NULL), 0);
    CHECK(api_server_run(loop, 5000));
    return seen;
}

static struct reflector_stats stats(void)
{
    struct reflector_stats ret;
    reflector_read_stats(reflector, &ret);
    return ret;
}

/* ---- lists and watches ------------------------------------------------------------------------
 */

TEST(pages_then_a_watch_that_goes_on_where_they_ended)
{
    begin("pages");
    CHECK_STR(told, "");
    run_to("-b");
    CHECK_STR(told, "reset +a +b up +c synced +d +a -b");
    run_for(1300);
    CHECK_STR(ask_seen("pages"), "list limit=250\n"
                                 "list limit=250 continue=c/+ =&\n"
                                 "watch resourceVersion=10 allowWatchBookmarks=true\n"
                                 "watch resourceVersion=20 allowWatchBookmarks=true\n");
    CHECK_STR(told, "reset +a +b up +c synced +d +a -b");
    CHECK_EQ_INT(stats().lists, 1);
    CHECK_EQ_INT(stats().watches, 2);
    CHECK_EQ_INT(stats().events, 4);
    CHECK_EQ_INT(stats().errors, 0);
    CHECK(clock_mono_ms() - stats().last_ms < 5000);
}

TEST(a_query_and_metadata_alone)
{
    api_server_start("http2");
    begin_with(api_server.url, "/script/quick", "fieldSelector=spec.nodeName%3Dn1",
               REFLECTOR_METADATA);
    run_to("-b");
    run_for(200);
    CHECK_STR(ask_seen("quick"),
              "list fieldSelector=spec.nodeName=n1 limit=250 "
              "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1\n"
              "watch fieldSelector=spec.nodeName=n1 resourceVersion=10 allowWatchBookmarks=true "
              "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1\n"
              "watch fieldSelector=spec.nodeName=n1 resourceVersion=20 allowWatchBookmarks=true "
              "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1\n");
}

TEST(a_watch_that_ends_at_once_is_no_reason_to_hurry)
{
    begin("empty");
    run_to("synced");
    run_for(1500);
    CHECK(stats().watches >= 2 && stats().watches <= 8);
    CHECK_EQ_INT(stats().lists, 1);
}

TEST(a_body_that_comes_byte_by_byte)
{
    begin("drip");
    run_to("synced");
    CHECK_STR(told, "reset +a up synced");
}

/* ---- the server has forgotten -----------------------------------------------------------------
 */

TEST(a_version_that_is_gone_is_listed_anew_at_once)
{
    begin("gone");
    uint64_t took = run_to("+b +c synced");
    CHECK(took < 1000);
    CHECK_STR(told, "reset +a +b up synced reset +b +c synced");
}

TEST(one_that_is_gone_again_and_again_is_waited_for)
{
    begin("gone-often");
    uint64_t start = clock_mono_ms();
    while (strstr(ask_seen("gone-often"), "watch") == NULL || stats().watches < 4)
        run_for(20);
    /* 0, then half to all of 500 and of 1000 ms */
    CHECK(clock_mono_ms() - start >= 740);
    CHECK_EQ_INT(stats().lists, 4);
}

TEST(a_page_that_is_gone)
{
    begin("gone-page");
    CHECK(run_to("synced") < 1000);
    CHECK_STR(told, "reset +a up reset +a +b synced");
}

TEST(a_watch_that_is_refused_as_gone)
{
    begin("gone-watch");
    run_to("+b synced");
    CHECK_STR(told, "reset +a up synced reset +b synced");
}

/* ---- the server fails -------------------------------------------------------------------------
 */

TEST(a_server_that_asks_for_time_gets_it)
{
    begin("busy");
    CHECK(run_to("synced") >= 1000);
    CHECK_STR(told, "down(429: slow down) reset +a up synced");
}

TEST(a_server_that_fails_is_asked_again)
{
    begin("broken");
    run_to("synced");
    CHECK_STR(told, "down(500: the disk is \xc3\xa9tcd) reset +a up synced");
    CHECK_EQ_INT(stats().errors, 2);
}

TEST(what_is_not_there_yet_is_waited_for)
{
    begin("missing");
    run_to("synced");
    CHECK_STR(told, "down(404: the server could not find the requested resource) "
                    "reset +a up synced");
}

TEST(what_is_forbidden_is_told_once)
{
    begin("forbidden");
    run_for(1200);
    CHECK(stats().lists >= 3 && stats().lists <= 7);
    CHECK_EQ_INT(stats().last_ms, 0); /* a refusal is no news of what is in the list */
    const char *first = strstr(told, "down(403: pods is forbidden: User \"x\" cannot list");
    CHECK(first && !strstr(first + 1, "down"));
}

TEST(what_is_cut_off_is_asked_for_again)
{
    begin("cut");
    run_to("+c");
    CHECK(strstr(told, "synced") && strstr(told, "down(https://127.0.0.1:"));
    CHECK(!strstr(told, "-c"));
    run_to("up");
    run_for(100);
    const char *requests = ask_seen("cut");
    CHECK(strstr(requests, "watch resourceVersion=10 allowWatchBookmarks=true\n"
                           "watch resourceVersion=11 allowWatchBookmarks=true\n"));
}

TEST(half_a_list_is_none)
{
    begin("half");
    run_to("synced");
    CHECK_STR(told, "reset +a down(an answer that was cut off) reset +a +b up synced");
}

TEST(what_is_no_json_is_none)
{
    begin("garbage");
    run_to("synced");
    CHECK_STR(told, "reset down(an answer that is not what was asked for) reset +a up synced");
}

TEST(an_error_in_a_watch)
{
    begin("error");
    run_to("down(500: etcd is away)");
    run_to("up");
    CHECK_STR(ask_seen("error"), "list limit=250\n"
                                 "watch resourceVersion=10 allowWatchBookmarks=true\n"
                                 "watch resourceVersion=11 allowWatchBookmarks=true\n");
}

TEST(an_event_without_a_version)
{
    begin("unversioned");
    run_to("down(an event without a version)");
    CHECK(!strstr(told, "+b"));
}

TEST(objects_that_are_too_large)
{
    begin("large");
    run_to("+d");
    run_for(300);
    /* In the list it is passed over; in a watch it takes another list, but not many. */
    CHECK_EQ_INT(stats().lists, 2);
    CHECK_EQ_INT(stats().oversized, 3);
    CHECK_STR(told, "reset +a +c up synced reset +a +c synced +d");
}

TEST(nobody_is_there)
{
    api_server_start("http2");
    begin_with("https://127.0.0.1:1", "/script/quick", "", NULL);
    run_to("down(https://127.0.0.1:1: Connection refused)");
    CHECK_STR(told, "down(https://127.0.0.1:1: Connection refused)");
}

static void on_stopped(void *context, const struct api_end *end)
{
    (void)context;
    CHECK_EQ_INT(end->status, 200);
}

/* The back-off is at its longest by then. */
TEST(a_server_that_is_back_is_noticed_within_five_seconds)
{
    begin("pages");
    run_to("synced");
    struct api_request request = {.path = "/stop?ms=9000", .done = on_stopped};
    CHECK_EQ_INT(api_call(api, &request, NULL), 0);
    run_to("Connection refused)");
    run_for(8000);
    uint64_t took = run_to("up");
    printf("# back after %llu ms\n", (unsigned long long)took);
    CHECK(took < 1000 + 5000);
    CHECK_EQ_INT(stats().lists, 1);
}

TEST(somebody_who_knows_better_hurries_it)
{
    begin("forbidden");
    run_to("\"pods\")");
    run_for(2500);
    uint64_t lists = stats().lists;
    reflector_hurry(reflector);
    run_for(100);
    CHECK_EQ_INT(stats().lists, lists + 1);
}

TEST(http_1_1_will_do)
{
    end_reflector();
    api_server_stop();
    api_server_start("http1");
    begin("cut");
    run_to("+c");
    run_to("up");
    run_for(100);
    CHECK(strstr(ask_seen("cut"), "watch resourceVersion=11"));
    begin("pages");
    run_to("-b");
    CHECK_STR(told, "reset +a +b up +c synced +d +a -b");
    begin("gone");
    run_to("+b +c synced");
    begin("half");
    run_to("synced");
    end_reflector();
    api_server_stop();
}

/* ---- the owner --------------------------------------------------------------------------------
 */

TEST(it_may_be_freed_wherever_its_owner_is_called)
{
    static const char *const places[] = {"reset", "up", "+a", "synced", "+d", "-b"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        begin("again");
        free_at = places[i];
        stop_at = places[i];
        CHECK(api_server_run(loop, 5000));
        stop_at = NULL;
        run_for(30);
        CHECK(reflector == NULL);
        size_t length = strlen(told), end = strlen(places[i]);
        CHECK_STR(told + length - end, places[i]);
    }
    begin("forbidden");
    free_at = stop_at = "down(403: pods is forbidden: User \"x\" cannot list resource \"pods\")";
    CHECK(api_server_run(loop, 5000));
    run_for(30);
    CHECK(reflector == NULL);
}

static long resident_kib(void)
{
    char line[128];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %ld kB", &kib);
    fclose(file);
    return kib;
}

/* 25 MB of objects: what is kept of them is the owner's affair. */
TEST(five_thousand_objects_take_the_memory_of_one)
{
    begin("quick");
    run_to("synced");
    FILE *file = fopen("/proc/self/clear_refs", "w");
    CHECK(file && fputs("5", file) >= 0 && fclose(file) == 0);
    long before = resident_kib();
    begin("many");
    is_quiet = 1;
    uint64_t took = run_to("synced");
    long more = resident_kib() - before;
    printf("# 5,000 objects of 5 KB in %llu ms, with %ld KiB more at most, over %ld KiB\n",
           (unsigned long long)took, more, before);
    CHECK_EQ_INT(counted, 5000);
    if (!BUILD_SANITIZED) /* which keeps what was freed */
        CHECK(more < 6144);
    end_reflector();
}

CHECK_MAIN
