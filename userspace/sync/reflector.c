/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/reflector.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/loop.h"
#include "limits.h"
#include "sync/api.h"
#include "sync/list_path.h"
#include "sync/splitter.h"
#include "sync/status.h"

#define METADATA_LIST "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
#define WHY 640u
#define GONE 410 /* of HTTP: the server has forgotten where we were */

enum phase { PHASE_LIST, PHASE_WATCH };

/* What a callback of ours is to do after one of the owner's. */
enum onward { ONWARD, ONWARD_NOT, ONWARD_FREED };

struct reflector {
    struct reflector_options options; /* its texts are the copies below */
    char *path, *query;
    enum phase phase; /* under way when there is a call; else begun by `timer` */
    struct api_call *call;
    struct loop_timer timer;
    struct loop_timer relist; /* ends the watch */
    struct splitter *splitter;
    char version[LIMIT_WIRE_RV + 1];                 /* the watch goes on from here */
    char *next;                                      /* the page under way; NULL: the first */
    char coming_version[LIMIT_WIRE_RV + 1], *coming; /* the same after it, as it says itself */
    uint64_t failures;                               /* in a row */
    uint64_t began_ms;
    uint64_t relisted_ms;
    int has_events;
    int wrong_code;  /* as of HTTP */
    char wrong[WHY]; /* why we gave up what is under way; "" */
    int is_told, is_up;
    char told[WHY];
    struct reflector_stats stats;
    int *freed; /* set by reflector_free() for whoever is in a callback */
};

static void begin(struct reflector *reflector);

/* ---- to the owner -----------------------------------------------------------------------------
 */

static enum onward after_callback(struct reflector *reflector, const int *freed)
{
    if (*freed)
        return ONWARD_FREED;
    reflector->freed = NULL;
    return ONWARD;
}

static enum onward tell(struct reflector *reflector, void (*what)(void *context))
{
    int freed = 0;
    reflector->freed = &freed;
    what(reflector->options.context);
    return after_callback(reflector, &freed);
}

static enum onward give(struct reflector *reflector,
                        void (*to)(void *context, const struct cJSON *object), const cJSON *object)
{
    int freed = 0;
    reflector->freed = &freed;
    to(reflector->options.context, object);
    return after_callback(reflector, &freed);
}

static enum onward set_state(struct reflector *reflector, int is_up, const char *why)
{
    if (reflector->is_told && reflector->is_up == is_up && strcmp(reflector->told, why) == 0)
        return ONWARD;
    int freed = 0;
    reflector->freed = &freed;
    reflector->is_told = 1;
    reflector->is_up = is_up;
    snprintf(reflector->told, sizeof reflector->told, "%s", why);
    reflector->options.state(reflector->options.context, is_up, reflector->told);
    return after_callback(reflector, &freed);
}

/* ---- what the server says ---------------------------------------------------------------------
 */

static enum onward give_up(struct reflector *reflector, int code, const char *why)
{
    reflector->wrong_code = code;
    snprintf(reflector->wrong, sizeof reflector->wrong, "%s", why);
    return ONWARD_NOT;
}

/* 0, or -1 for something that is no resource version. */
static int copy_version(char ret[LIMIT_WIRE_RV + 1], const cJSON *metadata)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(metadata, "resourceVersion");
    const char *text = cJSON_GetStringValue(item);
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length > LIMIT_WIRE_RV)
        return -1;
    memcpy(ret, text, length + 1);
    return 0;
}

/* The metadata of a page. */
static enum onward take_metadata(struct reflector *reflector, const cJSON *metadata)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(metadata, "continue");
    const char *next = cJSON_GetStringValue(item);
    if (copy_version(reflector->coming_version, metadata) < 0)
        return give_up(reflector, 0, "a list without a version");
    free(reflector->coming);
    reflector->coming = NULL;
    if (!next || !next[0])
        return ONWARD;
    if (strlen(next) > LIMIT_CONTINUE || !(reflector->coming = strdup(next)))
        return give_up(reflector, 0, "a list whose next page cannot be asked for");
    return ONWARD;
}

static enum onward take_error(struct reflector *reflector, const cJSON *object)
{
    struct status status;
    char why[WHY];
    status_of(object, &status);
    status_describe(status.code, status.message, why, sizeof why);
    return give_up(reflector, status.code, why);
}

static enum onward take_event(struct reflector *reflector, const cJSON *event)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(event, "type");
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(event, "object");
    const char *type = cJSON_GetStringValue(item);
    if (!type || !cJSON_IsObject(object))
        return give_up(reflector, 0, "a watch with something in it that is no event");
    if (strcmp(type, "ERROR") == 0)
        return take_error(reflector, object);
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");
    if (copy_version(reflector->version, metadata) < 0)
        return give_up(reflector, 0, "an event without a version");
    reflector->has_events = 1;
    reflector->failures = 0;
    reflector->stats.events++;
    if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0)
        return give(reflector, reflector->options.object, object);
    if (strcmp(type, "DELETED") == 0)
        return give(reflector, reflector->options.gone, object);
    if (strcmp(type, "BOOKMARK") == 0)
        return ONWARD;
    return give_up(reflector, 0, "an event of a kind that nobody knows");
}

/* What is known of it is old now: the next list will leave it out. */
static enum onward take_oversized(struct reflector *reflector)
{
    uint64_t now = clock_mono_ms(), since = now - reflector->relisted_ms;
    reflector->stats.oversized++;
    if (reflector->phase == PHASE_LIST || reflector->relist.due_ms)
        return ONWARD;
    int is_early = reflector->relisted_ms && since < LIMIT_RELIST_MS;
    loop_set_timer(reflector->options.loop, &reflector->relist,
                   is_early ? LIMIT_RELIST_MS - since : 0);
    return ONWARD;
}

static enum onward take(struct reflector *reflector, const struct splitter_found *found)
{
    if (found->kind == SPLITTER_NOTHING)
        return ONWARD;
    if (found->kind == SPLITTER_OVERSIZED)
        return take_oversized(reflector);
    cJSON *json = cJSON_ParseWithLength(found->text.data, found->text.length);
    enum onward onward;
    if (!json)
        onward = give_up(reflector, 0, "an object that is no JSON");
    else if (found->kind == SPLITTER_METADATA)
        onward = take_metadata(reflector, json);
    else if (reflector->phase == PHASE_WATCH)
        onward = take_event(reflector, json);
    else
        onward = give(reflector, reflector->options.object, json);
    cJSON_Delete(json);
    return onward;
}

/* The server has begun to answer, with a good status. */
static enum onward take_head(struct reflector *reflector)
{
    if (reflector->phase == PHASE_WATCH)
        return set_state(reflector, 1, "");
    return reflector->next ? ONWARD : tell(reflector, reflector->options.reset);
}

static int on_piece(void *context, struct span bytes)
{
    struct reflector *reflector = context;
    reflector->stats.last_ms = clock_mono_ms();
    enum onward onward = bytes.length ? ONWARD : take_head(reflector);
    while (bytes.length && onward == ONWARD) {
        struct splitter_found found;
        ssize_t n = splitter_feed(reflector->splitter, bytes, &found);
        if (n < 0) {
            give_up(reflector, 0, "an answer that is not what was asked for");
            return 1;
        }
        bytes.data += n;
        bytes.length -= (size_t)n;
        onward = take(reflector, &found);
    }
    return onward != ONWARD;
}

/* ---- what is next ------------------------------------------------------------------------------
 */

static uint32_t draw(void)
{
    uint32_t random = 0;
    return getrandom(&random, sizeof random, 0) == sizeof random ? random : 0;
}

static uint64_t wait_ms(uint64_t failures)
{
    static const struct backoff backoff = {.delay_ms = LIMIT_ATTEMPT_MIN_MS,
                                           .max_wait_ms = LIMIT_ATTEMPT_MAX_MS,
                                           .is_exponential = true};
    uint64_t wait = backoff_wait_ms(&backoff, failures, 0);
    return wait - draw() % (wait / 2 + 1);
}

/* Non-zero for a refusal that will not pass by itself: what we think the server has is wrong. */
static int is_lasting(int code)
{
    return code >= 400 && code < 500 && code != 401 && code != 403 && code != 429;
}

static void go_on(struct reflector *reflector, enum phase phase, uint64_t after_ms)
{
    reflector->phase = phase;
    loop_set_timer(reflector->options.loop, &reflector->timer, after_ms);
}

static void forget_page(struct reflector *reflector)
{
    free(reflector->next);
    reflector->next = NULL;
}

/* CODE as of HTTP, 0 when it did not come to that. The reflector may be gone when this returns. */
static void fail(struct reflector *reflector, int code, const char *why, unsigned asked_ms)
{
    uint64_t wait = code == GONE && !reflector->failures ? 0 : wait_ms(reflector->failures);
    if (asked_ms > LIMIT_ATTEMPT_ASKED_MS)
        asked_ms = LIMIT_ATTEMPT_ASKED_MS;
    if (asked_ms > wait)
        wait = asked_ms;
    reflector->failures++;
    reflector->stats.errors++;
    if (is_lasting(code)) {
        forget_page(reflector);
        reflector->phase = PHASE_LIST;
    }
    go_on(reflector, reflector->phase, wait);
    if (code != GONE) /* which is how a server goes on that was asked for too little */
        set_state(reflector, 0, why);
}

/* A page is there, and whole. */
static void end_page(struct reflector *reflector)
{
    if (!reflector->coming_version[0]) {
        fail(reflector, 0, "a list without a version", 0);
        return;
    }
    forget_page(reflector);
    reflector->next = reflector->coming;
    reflector->coming = NULL;
    if (set_state(reflector, 1, "") != ONWARD)
        return;
    if (reflector->next) {
        begin(reflector);
        return;
    }
    memcpy(reflector->version, reflector->coming_version, sizeof reflector->version);
    reflector->phase = PHASE_WATCH;
    if (tell(reflector, reflector->options.synced) == ONWARD)
        begin(reflector);
}

/* The server has ended the watch, as it was asked to. */
static void end_watch(struct reflector *reflector, uint64_t lasted_ms)
{
    if (reflector->has_events || lasted_ms >= LIMIT_WATCH_SHORT_MS)
        go_on(reflector, PHASE_WATCH, 0);
    else
        fail(reflector, 0, "a watch that ended at once", 0);
}

static void on_done(void *context, const struct api_end *end)
{
    struct reflector *reflector = context;
    uint64_t lasted_ms = clock_mono_ms() - reflector->began_ms;
    int is_watch = reflector->phase == PHASE_WATCH;
    reflector->call = NULL;
    if (is_watch && lasted_ms >= LIMIT_WATCH_LIVELY_MS)
        reflector->failures = 0;
    if (reflector->wrong[0])
        fail(reflector, reflector->wrong_code, reflector->wrong, 0);
    else if (end->status != 200)
        fail(reflector, end->status, end->why, end->retry_ms);
    else if (!splitter_is_whole(reflector->splitter))
        fail(reflector, 0, "an answer that was cut off", 0);
    else if (is_watch)
        end_watch(reflector, lasted_ms);
    else
        end_page(reflector);
}

/* ---- requests ---------------------------------------------------------------------------------
 */

static char *path_of_page(const struct reflector *reflector)
{
    const struct list_path list = {.path = reflector->path, .query = reflector->query};
    return list_path_page(&list, LIMIT_PAGE_OBJECTS, reflector->next);
}

static char *path_of_watch(const struct reflector *reflector, unsigned seconds)
{
    const struct list_path list = {.path = reflector->path, .query = reflector->query};
    return list_path_watch(&list, reflector->version, seconds);
}

static void ask(struct reflector *reflector, struct api_request request)
{
    request.piece = on_piece;
    request.done = on_done;
    request.context = reflector;
    reflector->wrong[0] = '\0';
    reflector->has_events = 0;
    reflector->began_ms = clock_mono_ms();
    if (!request.path || api_call(reflector->options.api, &request, &reflector->call) < 0)
        fail(reflector, 0, "out of memory", 0);
}

static void ask_page(struct reflector *reflector)
{
    char *path = path_of_page(reflector);
    reflector->coming_version[0] = '\0';
    splitter_begin(reflector->splitter, SPLITTER_LIST);
    ask(reflector, (struct api_request){
                       .path = path, .accept = reflector->options.accept ? METADATA_LIST : NULL});
    free(path);
}

static void ask_watch(struct reflector *reflector)
{
    unsigned seconds = LIMIT_WATCH_MIN_S + draw() % (LIMIT_WATCH_MAX_S - LIMIT_WATCH_MIN_S + 1);
    unsigned limit_ms = (seconds + LIMIT_WATCH_GRACE_S) * 1000;
    char *path = path_of_watch(reflector, seconds);
    reflector->stats.watches++;
    splitter_begin(reflector->splitter, SPLITTER_WATCH);
    ask(reflector,
        (struct api_request){.path = path,
                             .accept = reflector->options.accept ? REFLECTOR_METADATA : NULL,
                             .timeout_ms = limit_ms});
    free(path);
}

static void begin(struct reflector *reflector)
{
    loop_cancel_timer(reflector->options.loop, &reflector->timer);
    if (reflector->phase == PHASE_WATCH) {
        ask_watch(reflector);
        return;
    }
    if (!reflector->next) {
        loop_cancel_timer(reflector->options.loop, &reflector->relist);
        reflector->relist.due_ms = 0;
        reflector->stats.lists++;
    }
    ask_page(reflector);
}

static void on_timer(struct loop_timer *timer)
{
    struct reflector *reflector =
        (struct reflector *)((char *)timer - offsetof(struct reflector, timer));
    if (!reflector->call) /* an owner in a callback may have hurried us */
        begin(reflector);
}

static void on_relist(struct loop_timer *timer)
{
    struct reflector *reflector =
        (struct reflector *)((char *)timer - offsetof(struct reflector, relist));
    api_cancel(reflector->call);
    reflector->call = NULL;
    reflector->relisted_ms = clock_mono_ms();
    forget_page(reflector);
    reflector->phase = PHASE_LIST;
    begin(reflector);
}

/* ---- the reflector ----------------------------------------------------------------------------
 */

struct reflector *reflector_new(const struct reflector_options *options)
{
    struct reflector *reflector = calloc(1, sizeof *reflector);
    if (!reflector)
        return NULL;
    *reflector = (struct reflector){.options = *options,
                                    .timer = {.fire = on_timer},
                                    .relist = {.fire = on_relist},
                                    .path = strdup(options->path),
                                    .query = strdup(options->query),
                                    .splitter = splitter_new(options->max_object)};
    if (!reflector->path || !reflector->query || !reflector->splitter) {
        reflector_free(reflector);
        return NULL;
    }
    go_on(reflector, PHASE_LIST, 0);
    return reflector;
}

void reflector_hurry(struct reflector *reflector)
{
    if (!reflector->call)
        loop_set_timer(reflector->options.loop, &reflector->timer, 0);
}

void reflector_read_stats(const struct reflector *reflector, struct reflector_stats *ret)
{
    *ret = reflector->stats;
}

void reflector_free(struct reflector *reflector)
{
    if (!reflector)
        return;
    if (reflector->freed)
        *reflector->freed = 1;
    api_cancel(reflector->call);
    loop_cancel_timer(reflector->options.loop, &reflector->timer);
    loop_cancel_timer(reflector->options.loop, &reflector->relist);
    splitter_free(reflector->splitter);
    free(reflector->path);
    free(reflector->query);
    free(reflector->next);
    free(reflector->coming);
    free(reflector);
}
