/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of the core's link, for tests: a cluster of a few objects, which answers as
 * vsecm-sync does, and does wrong what it is told to.
 */
#ifndef VSECM_TESTS_UNIT_SYNC_SIDE_H
#define VSECM_TESTS_UNIT_SYNC_SIDE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/loop.h"
#include "base/str.h"
#include "cluster/link.h"
#include "limits.h"
#include "tests/unit/check.h"
#include "wire/channel.h"

#define SYNC_SIDE_OBJECTS 64u

#define SYNC_SIDE_PAST 4u

struct sync_side_past {
    char version[40], updated[40];
    char *sealed;
    size_t length;
};

struct sync_side_object {
    char name[LIMIT_KEY + 1]; /* namespace/name; "": none */
    unsigned uid, rv, generation;
    char claims[5][40]; /* version, created, updated, notBefore, expires */
    char *sealed;
    size_t length;
    int allows_rollback;
    char status_version[24], status_error[256], readers[256];
    struct sync_side_past past[SYNC_SIDE_PAST]; /* what was put over, newest first */
};

struct sync_side {
    struct channel *channel;
    struct sync_side_object objects[SYNC_SIDE_OBJECTS];
    unsigned last_rv, last_uid;
    unsigned gets, puts, deletes, statuses, events, key_gets; /* that have come */
    char event[256];                                          /* the message of the last */
    unsigned unanswered;
    unsigned conflicts;      /* so many puts meet one: somebody else was there before */
    int breaks_on_put;       /* 1: the connection is lost before it is done, 2: after */
    int is_silent;           /* nothing is answered */
    const char *key;         /* the VSecMKey's resource version; NULL: there is none */
    const char *key_refuses; /* a code for each question after it; NULL: none */
    const char *refuses;     /* a code for each put; NULL: none */
    const char *message;     /* of that */
    void (*before_conflict)(struct sync_side *side, struct sync_side_object *object);
    void (*after_get)(void); /* has been answered; once. NULL: nothing follows */
};

static struct sync_side sync_side;

static inline struct sync_side_object *sync_side_find(const char *name)
{
    for (size_t i = 0; i < SYNC_SIDE_OBJECTS; i++)
        if (strcmp(sync_side.objects[i].name, name) == 0)
            return &sync_side.objects[i];
    return NULL;
}

static inline void sync_side_send(const struct wire_message *message)
{
    if (sync_side.channel)
        CHECK_EQ_INT(channel_send(sync_side.channel, message), 0);
}

static inline void sync_side_say(enum wire_kind kind, const char *first, const char *second)
{
    struct wire_message message = {.kind = kind};
    message.field[0] = span_of(first);
    message.field[1] = span_of(second);
    message.field[2] = SPAN_LITERAL("");
    sync_side_send(&message);
}

static inline void sync_side_name(const char *name, struct wire_message *ret)
{
    const char *slash = strchr(name, '/');
    ret->field[SECRET_NAMESPACE] = (struct span){name, (size_t)(slash - name)};
    ret->field[SECRET_NAME] = span_of(slash + 1);
}

static inline void sync_side_head(const struct sync_side_object *object, char uid[24], char rv[24],
                                  struct wire_message *ret)
{
    snprintf(uid, 24, "uid-%u", object->uid);
    snprintf(rv, 24, "%u", object->rv);
    sync_side_name(object->name, ret);
    ret->field[SECRET_UID] = span_of(uid);
    ret->field[SECRET_RESOURCE_VERSION] = span_of(rv);
}

/* What a watch tells of OBJECT. */
static inline void sync_side_see(const struct sync_side_object *object)
{
    char uid[24], rv[24], generation[24];
    struct wire_message seen = {.kind = WIRE_SEEN};
    sync_side_head(object, uid, rv, &seen);
    snprintf(generation, sizeof generation, "%u", object->generation);
    seen.field[SEEN_GENERATION] = span_of(generation);
    for (size_t i = 0; i < 5; i++)
        seen.field[SEEN_VERSION + i] = span_of(object->claims[i]);
    sync_side_send(&seen);
}

static inline void sync_side_list(void)
{
    sync_side_say(WIRE_RESET, "secrets", "");
    for (size_t i = 0; i < SYNC_SIDE_OBJECTS; i++)
        if (sync_side.objects[i].name[0])
            sync_side_see(&sync_side.objects[i]);
    sync_side_say(WIRE_SYNCED, "secrets", "");
}

/* An object of NAME that holds SEALED, changed or new; nobody is told. */
static inline struct sync_side_object *sync_side_set(const char *name, const char *version,
                                                     struct span sealed)
{
    struct sync_side_object *object = sync_side_find(name);
    if (!object) {
        object = sync_side_find("");
        *object = (struct sync_side_object){.uid = ++sync_side.last_uid};
        snprintf(object->name, sizeof object->name, "%s", name);
    }
    object->rv = ++sync_side.last_rv;
    object->generation++;
    snprintf(object->claims[0], sizeof object->claims[0], "%s", version);
    free(object->sealed);
    object->sealed = malloc(sealed.length);
    memcpy(object->sealed, sealed.data, sealed.length);
    object->length = sealed.length;
    return object;
}

static inline void sync_side_remove(struct sync_side_object *object)
{
    free(object->sealed);
    for (size_t i = 0; i < SYNC_SIDE_PAST; i++)
        free(object->past[i].sealed);
    *object = (struct sync_side_object){.uid = 0};
}

static inline void sync_side_gone(struct sync_side_object *object)
{
    char uid[24], rv[24];
    struct wire_message gone = {.kind = WIRE_GONE};
    sync_side_head(object, uid, rv, &gone);
    sync_side_send(&gone);
    sync_side_remove(object);
}

/* ---- answers --------------------------------------------------------------------------------- */

static inline void sync_side_end(uint64_t number, const char *code, const char *rv)
{
    struct wire_message result = {.kind = WIRE_RESULT, .number = number};
    result.field[RESULT_CODE] = span_of(code);
    result.field[RESULT_RESOURCE_VERSION] = span_of(rv);
    if (sync_side.message)
        result.field[RESULT_MESSAGE] = span_of(sync_side.message);
    sync_side_send(&result);
}

static inline void sync_side_get(uint64_t number, const struct sync_side_object *object)
{
    char uid[24], rv[24], generation[24];
    struct wire_message secret = {.kind = WIRE_SECRET, .number = number};
    sync_side.gets++;
    if (!object) {
        sync_side_end(number, "missing", "");
        return;
    }
    sync_side_head(object, uid, rv, &secret);
    snprintf(generation, sizeof generation, "%u", object->generation);
    secret.field[WHOLE_GENERATION] = span_of(generation);
    secret.field[WHOLE_SEALED] = (struct span){object->sealed, object->length};
    secret.field[WHOLE_ALLOW_ROLLBACK] = span_of(object->allows_rollback ? "1" : "");
    secret.field[WHOLE_STATUS_VERSION] = span_of(object->status_version);
    secret.field[WHOLE_STATUS_ERROR] = span_of(object->status_error);
    sync_side_send(&secret);
    void (*after)(void) = sync_side.after_get;
    sync_side.after_get = NULL;
    if (after)
        after();
}

static inline void sync_side_lose(void)
{
    channel_free(sync_side.channel);
    sync_side.channel = NULL;
}

static inline int sync_side_meets_conflict(const struct wire_message *put,
                                           struct sync_side_object *object)
{
    char rv[24];
    snprintf(rv, sizeof rv, "%u", object ? object->rv : 0);
    if (sync_side.conflicts) {
        sync_side.conflicts--;
        if (object) {
            object->rv = ++sync_side.last_rv;
            if (sync_side.before_conflict)
                sync_side.before_conflict(&sync_side, object);
        }
        return 1;
    }
    struct span given = put->field[SECRET_RESOURCE_VERSION];
    return object ? !span_is(given, rv) : given.length != 0;
}

/* What is in force becomes the first of the past. */
static inline void sync_side_push_past(struct sync_side_object *object)
{
    struct sync_side_past *past = object->past;
    free(past[SYNC_SIDE_PAST - 1].sealed);
    memmove(past + 1, past, (SYNC_SIDE_PAST - 1) * sizeof *past);
    past[0] = (struct sync_side_past){.sealed = object->sealed, .length = object->length};
    snprintf(past[0].version, sizeof past[0].version, "%s", object->claims[0]);
    snprintf(past[0].updated, sizeof past[0].updated, "%s", object->claims[2]);
    object->sealed = NULL;
}

static inline void sync_side_say_version(uint64_t number, const char *version, const char *updated,
                                         struct span sealed)
{
    struct wire_message row = {.kind = WIRE_VERSION, .number = number};
    row.field[VERSION_NUMBER] = span_of(version);
    row.field[VERSION_UPDATED] = span_of(updated);
    row.field[VERSION_SEALED] = sealed;
    sync_side_send(&row);
}

static inline void sync_side_history(uint64_t number, const struct sync_side_object *object)
{
    if (object)
        sync_side_say_version(number, object->claims[0], object->claims[2],
                              (struct span){object->sealed, object->length});
    for (size_t i = 0; object && i < SYNC_SIDE_PAST && object->past[i].sealed; i++)
        sync_side_say_version(number, object->past[i].version, object->past[i].updated,
                              (struct span){object->past[i].sealed, object->past[i].length});
    sync_side_end(number, object ? "ok" : "missing", "");
}

static inline void sync_side_do_put(const struct wire_message *put, const char *name)
{
    struct sync_side_object *object = sync_side_find(name);
    if (object)
        sync_side_push_past(object);
    object = sync_side_set(name, "", put->field[PUT_SEALED]);
    for (size_t i = 0; i < 5; i++)
        str_copy(object->claims[i], sizeof object->claims[i], put->field[SEEN_VERSION + i]);
}

static inline void sync_side_put(const struct wire_message *put, const char *name)
{
    char rv[24];
    sync_side.puts++;
    if (sync_side.refuses) {
        sync_side_end(put->number, sync_side.refuses, "");
    } else if (sync_side.breaks_on_put) {
        if (sync_side.breaks_on_put == 2)
            sync_side_do_put(put, name);
        sync_side_lose();
    } else if (sync_side_meets_conflict(put, sync_side_find(name))) {
        sync_side_end(put->number, "conflict", "");
    } else {
        sync_side_do_put(put, name);
        snprintf(rv, sizeof rv, "%u", sync_side.last_rv);
        sync_side_end(put->number, "ok", rv);
    }
}

static inline void sync_side_key_get(uint64_t number)
{
    sync_side.key_gets++;
    if (sync_side.key_refuses)
        sync_side_end(number, sync_side.key_refuses, "");
    else
        sync_side_end(number, sync_side.key ? "ok" : "missing", sync_side.key ? sync_side.key : "");
}

static inline void sync_side_delete(const struct wire_message *message,
                                    struct sync_side_object *object)
{
    sync_side.deletes++;
    if (!object) {
        sync_side_end(message->number, "missing", "");
    } else if (sync_side_meets_conflict(message, object)) {
        sync_side_end(message->number, "conflict", "");
    } else {
        sync_side_remove(object);
        sync_side_end(message->number, "ok", "");
    }
}

static inline void sync_side_status(const struct wire_message *status,
                                    struct sync_side_object *object)
{
    sync_side.statuses++;
    if (!object)
        return;
    str_copy(object->status_version, sizeof object->status_version, status->field[STATUS_VERSION]);
    str_copy(object->status_error, sizeof object->status_error, status->field[STATUS_ERROR]);
    str_copy(object->readers, sizeof object->readers, status->field[STATUS_READERS]);
    object->rv = ++sync_side.last_rv;
    sync_side_see(object);
}

static inline void sync_side_on_message(void *context, const struct wire_message *message)
{
    char name[LIMIT_KEY + 1];
    (void)context;
    snprintf(name, sizeof name, "%.*s/%.*s", (int)message->field[0].length, message->field[0].data,
             (int)message->field[1].length, message->field[1].data);
    if (message->kind == WIRE_STATUS) {
        sync_side_status(message, sync_side_find(name));
    } else if (message->kind == WIRE_EVENT) {
        sync_side.events++;
        str_copy(sync_side.event, sizeof sync_side.event, message->field[EVENT_MESSAGE]);
    } else if (message->kind == WIRE_WELCOME) {
        return;
    } else if (sync_side.is_silent) {
        sync_side.unanswered++;
    } else if (message->kind == WIRE_GET) {
        sync_side_get(message->number, sync_side_find(name));
    } else if (message->kind == WIRE_HISTORY) {
        sync_side_history(message->number, sync_side_find(name));
    } else if (message->kind == WIRE_KEY_GET) {
        sync_side_key_get(message->number);
    } else if (message->kind == WIRE_PUT) {
        sync_side_put(message, name);
    } else if (message->kind == WIRE_DELETE) {
        sync_side_delete(message, sync_side_find(name));
    }
}

static inline void sync_side_on_closed(void *context, const char *why)
{
    (void)context, (void)why;
    sync_side_lose();
}

/* Be there, say who it is, and that the API server can be reached. */
static inline void sync_side_come(struct loop *loop, struct link *link)
{
    static const struct channel_options options = {
        .side = WIRE_SYNC, .message = sync_side_on_message, .closed = sync_side_on_closed};
    int pair[2];
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    CHECK_EQ_INT(channel_new(loop, pair[1], &options, &sync_side.channel), 0);
    CHECK_EQ_INT(link_attach(link, pair[0]), 0);
    sync_side_say(WIRE_HELLO, WIRE_ABI, "node-1");
    sync_side_say(WIRE_API, "1", "");
}

static inline void sync_side_done(void)
{
    if (sync_side.channel)
        sync_side_lose();
    for (size_t i = 0; i < SYNC_SIDE_OBJECTS; i++)
        sync_side_remove(&sync_side.objects[i]);
    sync_side = (struct sync_side){.channel = NULL};
}

#endif
