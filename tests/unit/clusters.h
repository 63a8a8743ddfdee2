/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several nodes and an API server in one loop: each node has a root key module and a link, at whose
 * other end is a vsecm-sync that says what a test wants said. Objects are what the API server has;
 * everything that was ever written to it is kept.
 */
#ifndef VSECM_TESTS_UNIT_CLUSTERS_H
#define VSECM_TESTS_UNIT_CLUSTERS_H

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/writer.h"
#include "cluster/link.h"
#include "cluster/root.h"
#include "limits.h"
#include "store/json.h"
#include "store/rootkey.h"
#include "tests/unit/arenas.h"
#include "tests/unit/scratch.h"
#include "wire/channel.h"

#define CLUSTERS_NODES 8
#define CLUSTERS_OBJECTS 300
#define CLUSTERS_USER "system:serviceaccount:vsecm-system:vsecm-safe"

struct clusters_object {
    int is_there;
    char name[LIMIT_DNS_SUBDOMAIN + 1];
    unsigned version;
    char recipient[80], *sealed, names[LIMIT_WIRE_LIST]; /* of a VSecMKey */
    char *request;                                       /* of a VSecMNode */
};

struct clusters_node {
    struct link *link;
    struct root *root;
    struct channel *channel; /* the other end */
    char name[16];
    int dir, is_up, is_leader, changes, is_audit_full;
    char notes[4096]; /* "what name outcome why" a line each */
};

static struct {
    struct arena *arena;
    int is_borrowed; /* the arena is somebody else's */
    struct loop *loop;
    struct clusters_object key, objects[CLUSTERS_OBJECTS];
    struct clusters_node nodes[CLUSTERS_NODES];
    unsigned version; /* the last resource version given */
    unsigned puts, conflicts, reviews;
    int loses; /* the answer to the next KEY_PUT, which is (1) told of before and (2) after that is
                  known, or (3) not done */
    unsigned refusals;             /* so many KEY_PUTs are answered "conflict" without a look */
    const char *user, *node_claim; /* what a review says instead of the truth; NULL: the truth */
    int is_invalid;                /* tokens are not accepted */
    char *log;                     /* all that was ever written */
    size_t log_used, log_size;
    int (*until)(void);
    struct loop_timer deadline;
    /* Gets what is not about nodes and their key; NULL: nothing else is expected. */
    void (*other)(struct clusters_node *node, const struct wire_message *message);
} clusters;

/* ---- the API server ------------------------------------------------------------------------ */

static inline void clusters_keep(struct span text)
{
    if (clusters.log_size - clusters.log_used < text.length + 1) {
        clusters.log_size = clusters.log_size * 2 + text.length + 4096;
        clusters.log = realloc(clusters.log, clusters.log_size);
        CHECK(clusters.log != NULL);
    }
    if (text.length)
        memcpy(clusters.log + clusters.log_used, text.data, text.length);
    clusters.log_used += text.length;
    clusters.log[clusters.log_used++] = '\n';
}

static inline char *clusters_text(struct span text)
{
    char *copy = malloc(text.length + 1);
    CHECK(copy != NULL);
    memcpy(copy, text.data ? text.data : "", text.length);
    copy[text.length] = '\0';
    return copy;
}

static inline void clusters_copy(char *ret, size_t size, struct span text)
{
    snprintf(ret, size, "%.*s", (int)text.length, text.data ? text.data : "");
}

static inline struct clusters_object *clusters_find(struct span name, int add)
{
    struct clusters_object *free_one = NULL;
    for (size_t i = 0; i < CLUSTERS_OBJECTS; i++) {
        struct clusters_object *object = &clusters.objects[i];
        if (object->is_there && span_is(name, object->name))
            return object;
        if (!object->is_there && !free_one)
            free_one = object;
    }
    if (!add)
        return NULL;
    CHECK(free_one != NULL);
    clusters_copy(free_one->name, sizeof free_one->name, name);
    free_one->version = 0;
    return free_one;
}

static inline void clusters_tell(struct clusters_node *node, const struct wire_message *message)
{
    if (node->channel && node->is_up)
        CHECK_EQ_INT(channel_send(node->channel, message), 0);
}

static inline void clusters_tell_key(struct clusters_node *node)
{
    char version[16];
    struct wire_message message = {.kind = WIRE_KEY_GONE};
    if (clusters.key.is_there) {
        snprintf(version, sizeof version, "%u", clusters.key.version);
        message.kind = WIRE_KEY;
        message.field[KEY_RESOURCE_VERSION] = span_of(version);
        message.field[KEY_RECIPIENT] = span_of(clusters.key.recipient);
        message.field[KEY_SEALED] = span_of(clusters.key.sealed);
        message.field[KEY_NODES] = span_of(clusters.key.names);
        message.field[KEY_UID] = SPAN_LITERAL("uid");
    }
    clusters_tell(node, &message);
}

static inline void clusters_tell_object(struct clusters_node *node,
                                        const struct clusters_object *object)
{
    char version[16];
    struct wire_message message = {.kind = object->is_there ? WIRE_NODE : WIRE_NODE_GONE};
    message.field[NODE_NAME] = span_of(object->name);
    if (object->is_there) {
        snprintf(version, sizeof version, "%u", object->version);
        message.field[NODE_RESOURCE_VERSION] = span_of(version);
        message.field[NODE_RECIPIENT] = span_of(object->recipient);
        message.field[NODE_REQUEST] = span_of(object->request);
    }
    clusters_tell(node, &message);
}

static inline void clusters_tell_all_key(void)
{
    for (size_t i = 0; i < CLUSTERS_NODES; i++)
        clusters_tell_key(&clusters.nodes[i]);
}

static inline void clusters_tell_all_object(const struct clusters_object *object)
{
    for (size_t i = 0; i < CLUSTERS_NODES; i++)
        clusters_tell_object(&clusters.nodes[i], object);
}

/* Somebody writes the VSecMKey, whoever it is. */
static inline void clusters_set_key(struct span recipient, struct span sealed, struct span names)
{
    free(clusters.key.sealed);
    clusters.key.is_there = 1;
    clusters.key.version = ++clusters.version;
    clusters.key.sealed = clusters_text(sealed);
    clusters_copy(clusters.key.recipient, sizeof clusters.key.recipient, recipient);
    clusters_copy(clusters.key.names, sizeof clusters.key.names, names);
    clusters_keep(recipient);
    clusters_keep(sealed);
    clusters_keep(names);
    clusters_tell_all_key();
}

static inline void clusters_set_object(struct span name, struct span recipient, struct span request)
{
    struct clusters_object *object = clusters_find(name, 1);
    free(object->request);
    object->is_there = 1;
    object->version = ++clusters.version;
    object->request = clusters_text(request);
    clusters_copy(object->recipient, sizeof object->recipient, recipient);
    clusters_keep(name);
    clusters_keep(recipient);
    clusters_keep(request);
    clusters_tell_all_object(object);
}

static inline void clusters_delete_key(void)
{
    clusters.key.is_there = 0;
    clusters_tell_all_key();
}

/* ---- vsecm-sync ------------------------------------------------------------------------------ */

static inline void clusters_answer(struct clusters_node *node, uint64_t number, const char *code)
{
    char version[16];
    struct wire_message result = {.kind = WIRE_RESULT, .number = number};
    snprintf(version, sizeof version, "%u", clusters.version);
    result.field[RESULT_CODE] = span_of(code);
    result.field[RESULT_RESOURCE_VERSION] = span_of(version);
    result.field[RESULT_MESSAGE] = SPAN_LITERAL("so says the test");
    clusters_tell(node, &result);
}

/* Whether a write made from VERSION ("": none) may be. */
static inline int clusters_may(struct span version, const struct clusters_object *object)
{
    char now[16] = "";
    if (object && object->is_there)
        snprintf(now, sizeof now, "%u", object->version);
    return span_is(version, now);
}

/* The answer is lost. */
static inline void clusters_lose_key_put(struct clusters_node *node, const struct wire_message *m)
{
    int how = clusters.loses;
    clusters.loses = 0;
    if (how != 1)
        clusters_answer(node, m->number, "unreachable");
    if (how != 3)
        clusters_set_key(m->field[KEY_RECIPIENT], m->field[KEY_SEALED], m->field[KEY_NODES]);
    if (how == 1)
        clusters_answer(node, m->number, "unreachable");
}

static inline void clusters_key_put(struct clusters_node *node, const struct wire_message *m)
{
    clusters.puts++;
    if (clusters.refusals || !clusters_may(m->field[KEY_RESOURCE_VERSION], &clusters.key)) {
        clusters.refusals -= clusters.refusals != 0;
        clusters.conflicts++;
        clusters_answer(node, m->number, "conflict");
        return;
    }
    if (clusters.loses) {
        clusters_lose_key_put(node, m);
        return;
    }
    clusters_set_key(m->field[KEY_RECIPIENT], m->field[KEY_SEALED], m->field[KEY_NODES]);
    clusters_answer(node, m->number, "ok");
}

static inline void clusters_key_get(struct clusters_node *node, uint64_t number)
{
    char version[16] = "";
    struct wire_message result = {.kind = WIRE_RESULT, .number = number};
    if (clusters.key.is_there)
        snprintf(version, sizeof version, "%u", clusters.key.version);
    result.field[RESULT_CODE] = span_of(clusters.key.is_there ? "ok" : "missing");
    result.field[RESULT_RESOURCE_VERSION] = span_of(version);
    clusters_tell(node, &result);
}

static inline void clusters_node_put(struct clusters_node *node, const struct wire_message *m)
{
    struct clusters_object *object = clusters_find(m->field[NODE_NAME], 0);
    if (!clusters_may(m->field[NODE_RESOURCE_VERSION], object)) {
        clusters_answer(node, m->number, "conflict");
        return;
    }
    clusters_set_object(m->field[NODE_NAME], m->field[NODE_RECIPIENT], m->field[NODE_REQUEST]);
    clusters_answer(node, m->number, "ok");
}

static inline void clusters_node_delete(const struct wire_message *m)
{
    struct clusters_object *object = clusters_find(m->field[NODE_NAME], 0);
    if (!object)
        return;
    object->is_there = 0;
    clusters_tell_all_object(object);
}

/* A token is its user, a blank, and the node whose it is. */
static inline void clusters_token(struct clusters_node *node, uint64_t number)
{
    char text[256];
    struct wire_message token = {.kind = WIRE_TOKEN, .number = number};
    snprintf(text, sizeof text, "%s %s", CLUSTERS_USER, node->name);
    token.field[TOKEN_TEXT] = span_of(text);
    clusters_tell(node, &token);
}

static inline void clusters_review(struct clusters_node *node, const struct wire_message *m)
{
    struct wire_message review = {.kind = WIRE_REVIEW, .number = m->number};
    struct span token = m->field[TOKEN_TEXT];
    const char *blank = memchr(token.data, ' ', token.length);
    clusters.reviews++;
    if (blank && span_is(m->field[TOKEN_AUDIENCE], "vsecm.com/admission") && !clusters.is_invalid) {
        size_t user = (size_t)(blank - token.data);
        review.field[REVIEW_IS_VALID] = SPAN_LITERAL("1");
        review.field[REVIEW_USER] = (struct span){token.data, user};
        review.field[REVIEW_NODE] = (struct span){blank + 1, token.length - user - 1};
    }
    if (clusters.user)
        review.field[REVIEW_USER] = span_of(clusters.user);
    if (clusters.node_claim)
        review.field[REVIEW_NODE] = span_of(clusters.node_claim);
    clusters_tell(node, &review);
}

static inline void clusters_list(struct clusters_node *node, const char *what)
{
    struct wire_message message = {.kind = WIRE_RESET};
    message.field[LIST_WHAT] = span_of(what);
    clusters_tell(node, &message);
    if (strcmp(what, "key") == 0 && clusters.key.is_there)
        clusters_tell_key(node);
    for (size_t i = 0; strcmp(what, "nodes") == 0 && i < CLUSTERS_OBJECTS; i++)
        if (clusters.objects[i].is_there)
            clusters_tell_object(node, &clusters.objects[i]);
    message.kind = WIRE_SYNCED;
    clusters_tell(node, &message);
}

static inline void clusters_tell_all(struct clusters_node *node)
{
    struct wire_message api = {.kind = WIRE_API}, leader = {.kind = WIRE_LEADER};
    node->is_up = 1;
    api.field[API_IS_UP] = SPAN_LITERAL("1");
    leader.field[LEADER_IS_US] = span_of(node->is_leader ? "1" : "");
    clusters_tell(node, &api);
    clusters_tell(node, &leader);
    clusters_list(node, "nodes");
    clusters_list(node, "key");
}

static inline void clusters_message(void *context, const struct wire_message *message)
{
    struct clusters_node *node = context;
    switch (message->kind) {
    case WIRE_WELCOME: clusters_tell_all(node); break;
    case WIRE_KEY_PUT: clusters_key_put(node, message); break;
    case WIRE_KEY_GET: clusters_key_get(node, message->number); break;
    case WIRE_NODE_PUT: clusters_node_put(node, message); break;
    case WIRE_NODE_DELETE: clusters_node_delete(message); break;
    case WIRE_TOKEN_GET: clusters_token(node, message->number); break;
    case WIRE_TOKEN_REVIEW: clusters_review(node, message); break;
    default:
        if (!clusters.other)
            check_fail(__FILE__, __LINE__, "%s is not expected", wire_name(message->kind));
        clusters.other(node, message);
    }
}

static inline void clusters_closed(void *context, const char *why)
{
    struct clusters_node *node = context;
    (void)why;
    channel_free(node->channel);
    node->channel = NULL;
    node->is_up = 0;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static inline void clusters_changed(void *context)
{
    ((struct clusters_node *)context)->changes++;
}

static inline void clusters_note(void *context, const char *what, const char *name,
                                 const char *outcome, const char *why)
{
    struct clusters_node *node = context;
    size_t used = strlen(node->notes);
    snprintf(node->notes + used, sizeof node->notes - used, "%s %s %s %s\n", what, name, outcome,
             why);
}

static inline int clusters_can_note(void *context)
{
    return ((struct clusters_node *)context)->is_audit_full ? -ENOSPC : 0;
}

static inline int clusters_noted(size_t index, const char *line)
{
    return strstr(clusters.nodes[index].notes, line) != NULL;
}

/* Connect the vsecm-sync of a node. */
static inline void clusters_connect(size_t index)
{
    struct clusters_node *node = &clusters.nodes[index];
    const struct channel_options options = {
        .side = WIRE_SYNC, .message = clusters_message, .closed = clusters_closed, .context = node};
    struct wire_message hello = {.kind = WIRE_HELLO};
    int pair[2];
    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    CHECK_EQ_INT(channel_new(clusters.loop, pair[1], &options, &node->channel), 0);
    CHECK_EQ_INT(link_attach(node->link, pair[0]), 0);
    hello.field[HELLO_ABI] = SPAN_LITERAL(WIRE_ABI);
    hello.field[HELLO_NODE] = span_of(node->name);
    CHECK_EQ_INT(channel_send(node->channel, &hello), 0);
}

static inline void clusters_cut(size_t index)
{
    clusters_closed(&clusters.nodes[index], "");
}

/* Start node number INDEX, named after it, without a cluster. What was on its disk is there. */
static inline void clusters_start_alone(size_t index, enum root_mode mode, const char *recovery)
{
    struct clusters_node *node = &clusters.nodes[index];
    struct error error = {""};
    snprintf(node->name, sizeof node->name, "node-%zu", index);
    mkdir(scratch_path(node->name), 0700);
    node->dir = open(scratch_path(node->name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(node->dir >= 0);
    node->changes = 0;
    node->link = link_new(clusters.loop, clusters.arena);
    CHECK(node->link != NULL);
    const struct root_options options = {.loop = clusters.loop,
                                         .arena = clusters.arena,
                                         .link = node->link,
                                         .node = node->name,
                                         .dir = node->dir,
                                         .mode = mode,
                                         .recovery = recovery,
                                         .user = CLUSTERS_USER,
                                         .changed = clusters_changed,
                                         .note = clusters_note,
                                         .can_note = clusters_can_note,
                                         .context = node};
    int r = root_new(&options, &node->root, &error);
    if (r < 0)
        check_fail(__FILE__, __LINE__, "%s", error.text);
    CHECK_EQ_INT(node->changes, 0);
}

static inline void clusters_start(size_t index, enum root_mode mode)
{
    clusters_start_alone(index, mode, "");
    clusters_connect(index);
}

static inline void clusters_stop(size_t index)
{
    struct clusters_node *node = &clusters.nodes[index];
    if (!node->link)
        return;
    clusters_cut(index);
    link_free(node->link);
    root_free(node->root);
    close(node->dir);
    node->link = NULL;
    node->root = NULL;
}

/* ---- the run --------------------------------------------------------------------------------- */

static inline int clusters_turn(void *context)
{
    (void)context;
    if (clusters.until && clusters.until())
        loop_stop(clusters.loop);
    return 0;
}

static inline void clusters_late(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(clusters.loop);
}

/* Run until DONE says so; MS at most. What it said last. NULL: for the whole time. */
static inline int clusters_run(int (*done)(void), uint64_t ms)
{
    clusters.until = done;
    clusters.deadline.fire = clusters_late;
    loop_set_timer(clusters.loop, &clusters.deadline, ms);
    CHECK_EQ_INT(loop_run(clusters.loop), 0);
    loop_cancel_timer(clusters.loop, &clusters.deadline);
    return done ? done() : 1;
}

/* In ARENA and the scratch directory that there is; with NULL, in new ones. */
static inline void clusters_begin_in(struct arena *arena)
{
    memset(&clusters, 0, sizeof clusters);
    clusters.is_borrowed = arena != NULL;
    clusters.arena = arena ? arena : arenas_new(16 * ARENA_MIB);
    json_use(clusters.arena);
    CHECK_EQ_INT(loop_new(&clusters.loop), 0);
    loop_set_turn(clusters.loop, clusters_turn, NULL);
    for (size_t i = 0; i < CLUSTERS_NODES; i++)
        clusters.nodes[i].is_leader = 1;
    if (!arena)
        scratch_new();
}

static inline void clusters_begin(void)
{
    clusters_begin_in(NULL);
}

static inline void clusters_end(void)
{
    for (size_t i = 0; i < CLUSTERS_NODES; i++)
        clusters_stop(i);
    for (size_t i = 0; i < CLUSTERS_OBJECTS; i++)
        free(clusters.objects[i].request);
    free(clusters.key.sealed);
    free(clusters.log);
    loop_free(clusters.loop);
    if (clusters.is_borrowed)
        return;
    json_use(NULL);
    arenas_done(clusters.arena);
}

#endif
