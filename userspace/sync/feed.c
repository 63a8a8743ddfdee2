/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/feed.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/loop.h"
#include "limits.h"
#include "sync/look.h"
#include "sync/names.h"
#include "sync/paths.h"
#include "sync/translate_cluster.h"
#include "sync/translate_pod.h"
#include "sync/translate_secret.h"

#define WAIT_MS 50u /* between two looks whether the core takes more */
#define SAID 64u    /* objects that were passed over and are remembered, so that it is said once */

/* Where translations write; of one object at a time. */
union room {
    struct translate_pod_room pod;
    struct translate_cluster_room cluster;
    struct translate_secret_room secret;
};

struct feed {
    struct feed_options options;
    struct reflector *reflector;
    struct loop_timer wait;
    int is_behind; /* the core did not take a message: what comes until the next beginning is lost
                    */
    struct feed_stats stats; /* of reflectors that were */
    char query[sizeof "fieldSelector=spec.nodeName%3D" + LIMIT_DNS_SUBDOMAIN];
    uint64_t said[SAID];
    union room room;
};

/* ---- kinds -------------------------------------------------------------------------------------
 */

static int pod(const cJSON *object, int is_gone, union room *room, struct wire_message *ret,
               struct error *error)
{
    return is_gone ? translate_pod_gone(object, ret, error)
                   : translate_pod(object, &room->pod, ret, error);
}

static int binding(const cJSON *object, int is_gone, union room *room, struct wire_message *ret,
                   struct error *error)
{
    return translate_pod_binding(object, is_gone, &room->pod, ret, error);
}

static int secret(const cJSON *object, int is_gone, union room *room, struct wire_message *ret,
                  struct error *error)
{
    return is_gone ? translate_secret_gone(object, ret, error)
                   : translate_secret_seen(object, &room->secret, ret, error);
}

static int node(const cJSON *object, int is_gone, union room *room, struct wire_message *ret,
                struct error *error)
{
    (void)room;
    return translate_cluster_node(object, is_gone, ret, error);
}

static int key(const cJSON *object, int is_gone, union room *room, struct wire_message *ret,
               struct error *error)
{
    return translate_cluster_key(object, is_gone, &room->cluster, ret, error);
}

static const struct kind {
    const char *name;
    const char *path;
    const char *accept;
    size_t max_object;
    int (*translate)(const cJSON *object, int is_gone, union room *room, struct wire_message *ret,
                     struct error *error);
} kinds[FEED_KINDS] = {
    [FEED_PODS] = {"pods", PATHS_PODS, NULL, LIMIT_SYNC_ANSWER, pod},
    [FEED_BINDINGS] = {"bindings", PATHS_VSECM "vsecmbindings", NULL, LIMIT_SYNC_ANSWER, binding},
    [FEED_SECRETS] = {"secrets", PATHS_VSECM "vsecmsecrets", REFLECTOR_METADATA, LIMIT_SYNC_ANSWER,
                      secret},
    [FEED_NODES] = {"nodes", PATHS_VSECM "vsecmnodes", NULL, LIMIT_SYNC_ANSWER, node},
    [FEED_KEY] = {"key", PATHS_VSECM "vsecmkeys", NULL, LIMIT_SYNC_ANSWER, key},
};

const char *feed_name(enum feed_kind kind)
{
    return kinds[kind].name;
}

const char *feed_path(enum feed_kind kind)
{
    return kinds[kind].path;
}

/* ---- telling -----------------------------------------------------------------------------------
 */

static void tell(struct feed *feed, const struct wire_message *message)
{
    if (feed->is_behind || feed->options.tell(feed->options.context, message) == 0)
        return;
    feed->is_behind = 1;
    feed->stats.begun_anew++;
    loop_set_timer(feed->options.loop, &feed->wait, WAIT_MS);
}

static void tell_list(struct feed *feed, enum wire_kind kind)
{
    struct wire_message message = {.kind = kind};
    message.field[LIST_WHAT] = span_of(kinds[feed->options.kind].name);
    tell(feed, &message);
}

/* Where it is remembered that this object was spoken of; 0 there: it was not. */
static uint64_t *said_of(struct feed *feed, struct span uid, uint64_t *hash)
{
    *hash = hash_bytes(uid.data, uid.length) | 1u;
    return &feed->said[(*hash >> 1) % SAID];
}

static void pass_over(struct feed *feed, const cJSON *object, const char *why)
{
    uint64_t hash, *said = said_of(feed, look_text(object, LOOK("metadata", "uid")), &hash);
    feed->stats.passed_over++;
    if (*said == hash)
        return;
    *said = hash;
    feed->options.passed_over(feed->options.context, feed->options.kind,
                              look_text(object, LOOK("metadata", "name")), why);
}

/*
 * What was told of an object before must not stay in force when what it is now cannot be told: for
 * the core it is gone then.
 */
static void tell_object(struct feed *feed, const cJSON *object, int is_gone)
{
    const struct kind *kind = &kinds[feed->options.kind];
    struct wire_message message;
    struct error error = {""};
    int r = kind->translate(object, is_gone, &feed->room, &message, &error);
    if (r == -ENOENT)
        return;
    if (r > 0)
        pass_over(feed, object, error.text);
    if (r < 0) {
        pass_over(feed, object, error.text);
        if (is_gone || kind->translate(object, 1, &feed->room, &message, &error) < 0)
            return;
    }
    tell(feed, &message);
}

/* ---- what the reflector says -------------------------------------------------------------------
 */

static void on_reset(void *context)
{
    tell_list(context, WIRE_RESET);
}

static void on_object(void *context, const cJSON *object)
{
    tell_object(context, object, 0);
}

static void on_gone(void *context, const cJSON *object)
{
    tell_object(context, object, 1);
}

static void on_synced(void *context)
{
    tell_list(context, WIRE_SYNCED);
}

static void on_state(void *context, int is_up, const char *why)
{
    struct feed *feed = context;
    feed->options.state(feed->options.context, feed->options.kind, is_up, why);
}

/* ---- the feed ----------------------------------------------------------------------------------
 */

static void add_reflector(struct reflector_stats *sum, const struct reflector_stats *more)
{
    sum->lists += more->lists;
    sum->watches += more->watches;
    sum->events += more->events;
    sum->errors += more->errors;
    sum->oversized += more->oversized;
    sum->last_ms = more->last_ms > sum->last_ms ? more->last_ms : sum->last_ms;
}

void feed_add_stats(struct feed_stats *sum, const struct feed_stats *more)
{
    sum->passed_over += more->passed_over;
    sum->begun_anew += more->begun_anew;
    add_reflector(&sum->reflector, &more->reflector);
}

static int begin(struct feed *feed)
{
    const struct kind *kind = &kinds[feed->options.kind];
    const struct reflector_options options = {.loop = feed->options.loop,
                                              .api = feed->options.api,
                                              .path = kind->path,
                                              .query = feed->query,
                                              .accept = kind->accept,
                                              .max_object = kind->max_object,
                                              .reset = on_reset,
                                              .object = on_object,
                                              .gone = on_gone,
                                              .synced = on_synced,
                                              .state = on_state,
                                              .context = feed};
    feed->reflector = reflector_new(&options);
    return feed->reflector ? 0 : -ENOMEM;
}

static void end(struct feed *feed)
{
    struct reflector_stats stats;
    if (!feed->reflector)
        return;
    reflector_read_stats(feed->reflector, &stats);
    add_reflector(&feed->stats.reflector, &stats);
    reflector_free(feed->reflector);
    feed->reflector = NULL;
}

/* Not from within the reflector that is to end: by the timer. */
static void on_wait(struct loop_timer *timer)
{
    struct feed *feed = (struct feed *)((char *)timer - offsetof(struct feed, wait));
    end(feed);
    if (feed->options.has_room(feed->options.context) && begin(feed) == 0)
        feed->is_behind = 0;
    else
        loop_set_timer(feed->options.loop, &feed->wait, WAIT_MS);
}

struct feed *feed_new(const struct feed_options *options)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        return NULL;
    feed->options = *options;
    feed->wait.fire = on_wait;
    if (options->kind == FEED_PODS)
        snprintf(feed->query, sizeof feed->query, "fieldSelector=spec.nodeName%%3D%s",
                 options->node);
    if (begin(feed) == 0)
        return feed;
    free(feed);
    return NULL;
}

void feed_hurry(struct feed *feed)
{
    if (feed->reflector)
        reflector_hurry(feed->reflector);
}

void feed_read_stats(const struct feed *feed, struct feed_stats *ret)
{
    struct reflector_stats stats;
    *ret = feed->stats;
    if (!feed->reflector)
        return;
    reflector_read_stats(feed->reflector, &stats);
    add_reflector(&ret->reflector, &stats);
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    loop_cancel_timer(feed->options.loop, &feed->wait);
    reflector_free(feed->reflector);
    free(feed);
}
