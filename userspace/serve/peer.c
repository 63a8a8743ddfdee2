/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/peer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"
#include "base/writer.h"
#include "identity/identity.h"
#include "limits.h"
#include "serve/bucket.h"
#include "serve/line.h"
#include "serve/subject.h"
#include "serve/tally.h"

#define NAME_SIZE 192 /* a letter and the longest of a pod uid, a key, a unit */

/* Turns without another peer until the one that is there is alone: some 10 ms under a flood. */
#define ALONE_TURNS 1024u

struct peer {
    struct peers *peers;
    unsigned connections;
    struct line line;
    uint64_t turn; /* of which the shares below are */
    unsigned requests;
    size_t bytes;
    size_t sent;
    long held;      /* bytes of unfinished requests */
    size_t queued;  /* bytes that its replies hold */
    int is_glutted; /* that was too much, and is still more than half of it */
    int is_limited;
    struct bucket bucket;
    uint64_t paused_until_ns; /* 0: it is not */
    struct tally tally;
    int is_tended;
    struct peer *next_tended;
    size_t name_length;
    char name[NAME_SIZE];
};

struct peers {
    struct table *table;
    struct bucket_rule rule;
    uint64_t turn; /* of which these are */
    unsigned active;
    int is_wide;
    uint64_t shared_turn; /* the last with more than one peer */
    int were_released;
    struct peer *tended; /* those for whom time does something */
};

struct peers *peer_new_table(size_t max, uint64_t requests_per_second)
{
    struct peers *peers = calloc(1, sizeof *peers);
    if (!peers)
        return NULL;
    peers->rule = bucket_rule(requests_per_second);
    peers->table = table_new(max);
    if (!peers->table) {
        free(peers);
        return NULL;
    }
    return peers;
}

static void forget(struct peers *peers, struct peer *peer)
{
    table_remove(peers->table, (struct span){peer->name, peer->name_length});
    tally_drop(&peer->tally);
    free(peer);
}

void peer_free_table(struct peers *peers)
{
    if (!peers)
        return;
    while (peers->tended) {
        struct peer *peer = peers->tended;
        peers->tended = peer->next_tended;
        forget(peers, peer);
    }
    table_free(peers->table);
    free(peers);
}

/* All strangers are one peer: whoever makes cgroups at will does not get a share for each. */
static struct span name_of(const struct subject *subject, char ret[NAME_SIZE])
{
    struct writer w = writer_on(ret, NAME_SIZE);
    if (subject->door == DOOR_ADMIN) {
        writer_literal(&w, "a");
    } else if (subject->attested && subject->place->kind == PLACE_POD) {
        writer_literal(&w, "p");
        writer_text(&w, subject->place->pod_uid);
    } else if (subject->identity) {
        writer_literal(&w, "i");
        writer_text(&w, subject->identity->key);
    } else if (subject->attested && subject->place->kind == PLACE_UNIT) {
        writer_literal(&w, "u");
        writer_text(&w, subject->place->unit);
    } else {
        writer_literal(&w, "s");
    }
    return (struct span){ret, w.used};
}

static void tend(struct peer *peer)
{
    if (peer->is_tended)
        return;
    peer->is_tended = 1;
    peer->next_tended = peer->peers->tended;
    peer->peers->tended = peer;
}

/* The table is full: one without connections gives way, unless it has refusals to be told. */
static void make_room(struct peers *peers)
{
    for (struct peer **at = &peers->tended; *at; at = &(*at)->next_tended) {
        struct peer *peer = *at;
        if (peer->connections || !tally_is_empty(&peer->tally))
            continue;
        *at = peer->next_tended;
        forget(peers, peer);
        return;
    }
}

static struct peer *add(struct peers *peers, struct span name, uint64_t now_ns)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->peers = peers;
    peer->is_limited = peers->rule.rate && name.data[0] != 'a';
    peer->bucket = bucket_new(&peers->rule, now_ns);
    memcpy(peer->name, name.data, name.length);
    peer->name_length = name.length;
    struct span key = {peer->name, peer->name_length};
    if (table_set(peers->table, key, peer, NULL) == 0)
        return peer;
    make_room(peers);
    if (table_set(peers->table, key, peer, NULL) == 0)
        return peer;
    free(peer);
    return NULL;
}

struct peer *peer_join(struct peers *peers, const struct subject *subject, unsigned limit,
                       uint64_t now_ns)
{
    char text[NAME_SIZE];
    struct span name = name_of(subject, text);
    struct peer *peer = table_find(peers->table, name);
    if (peer && peer->connections >= limit)
        return NULL;
    if (!peer)
        peer = add(peers, name, now_ns);
    if (peer)
        peer->connections++;
    return peer;
}

void peer_leave(struct peers *peers, struct peer *peer)
{
    (void)peers;
    if (--peer->connections == 0)
        tend(peer);
}

unsigned peer_connections(const struct peer *peer)
{
    return peer->connections;
}

/* ---- the share of a turn ------------------------------------------------------------------- */

static void begin_turn(struct peer *peer, uint64_t turn)
{
    struct peers *peers = peer->peers;
    if (peers->turn != turn) {
        peers->turn = turn;
        peers->active = 0;
        peers->is_wide = 0;
    }
    if (++peers->active > 1) {
        peers->shared_turn = turn;
        peers->is_wide = 0;
    }
    peer->turn = turn;
    peer->requests = 0;
    peer->bytes = 0;
    peer->sent = 0;
}

void peer_take_part(struct peer *peer, uint64_t turn)
{
    if (peer->turn != turn)
        begin_turn(peer, turn);
}

static size_t bytes_of_turn(const struct peer *peer)
{
    return peer->peers->is_wide ? LIMIT_TURN_BYTES : LIMIT_TURN_SHARED_BYTES;
}

int peer_may_go_on(struct peer *peer, uint64_t turn)
{
    peer_take_part(peer, turn);
    unsigned requests = peer->peers->is_wide ? LIMIT_TURN_REQUESTS : LIMIT_TURN_SHARED_REQUESTS;
    return peer->requests < requests && peer->bytes < bytes_of_turn(peer);
}

void peer_spend(struct peer *peer, size_t bytes)
{
    peer->requests++;
    peer->bytes += bytes;
}

int peer_may_send(struct peer *peer, uint64_t turn)
{
    peer_take_part(peer, turn);
    return peer->sent < bytes_of_turn(peer);
}

void peer_sent(struct peer *peer, size_t bytes)
{
    peer->sent += bytes;
}

int peer_widen(struct peers *peers, uint64_t turn)
{
    peers->is_wide = peers->turn == turn && peers->active == 1 &&
                     (!peers->shared_turn || turn - peers->shared_turn > ALONE_TURNS);
    return peers->is_wide;
}

struct line *peer_line(struct peer *peer)
{
    return &peer->line;
}

/* ---- limits -------------------------------------------------------------------------------- */

int peer_hold(struct peer *peer, long delta)
{
    if (delta > 0 && peer->held + delta > (long)LIMIT_HELD_PER_POD)
        return -ENOSPC;
    peer->held += delta;
    return 0;
}

void peer_queue(struct peer *peer, size_t before, size_t after)
{
    peer->queued = peer->queued - before + after;
    if (peer->queued > LIMIT_QUEUED_PER_POD) {
        peer->is_glutted = 1;
    } else if (peer->is_glutted && peer->queued <= LIMIT_QUEUED_PER_POD / 2) {
        peer->is_glutted = 0;
        peer->peers->were_released = 1;
    }
}

int peer_take(struct peer *peer)
{
    return !peer->is_limited || bucket_take(&peer->bucket);
}

int peer_refill(struct peer *peer, uint64_t now_ns)
{
    const struct bucket_rule *rule = &peer->peers->rule;
    bucket_fill(&peer->bucket, rule, now_ns);
    if (peer_take(peer))
        return 1;
    if (!peer->paused_until_ns)
        peer->paused_until_ns = now_ns + rule->pause_ns;
    tend(peer);
    return 0;
}

uint64_t peer_rate(const struct peers *peers)
{
    return peers->rule.rate;
}

uint64_t peer_pause_ns(const struct peers *peers)
{
    return peers->rule.pause_ns;
}

int peer_is_stopped(const struct peer *peer)
{
    return peer->paused_until_ns || peer->is_glutted;
}

int peer_were_released(struct peers *peers)
{
    int were = peers->were_released;
    peers->were_released = 0;
    return were;
}

struct tally *peer_tally(struct peer *peer)
{
    tend(peer);
    return &peer->tally;
}

/* A clock that stepped back ends a pause as well: none lasts longer than it should. */
static void end_pause(struct peer *peer, uint64_t now_ns)
{
    struct peers *peers = peer->peers;
    if (!peer->paused_until_ns ||
        (now_ns < peer->paused_until_ns && peer->paused_until_ns - now_ns <= peers->rule.pause_ns))
        return;
    peer->paused_until_ns = 0;
    peers->were_released = 1;
}

static int is_done(const struct peer *peer, uint64_t now_ns)
{
    int is_new = !peer->is_limited || bucket_is_full(&peer->bucket, &peer->peers->rule, now_ns);
    return !peer->paused_until_ns && tally_is_empty(&peer->tally) && (peer->connections || is_new);
}

int peer_tend(struct peers *peers, uint64_t now_ns,
              void (*tell)(void *context, struct span subject, uint64_t count), void *context)
{
    for (struct peer **at = &peers->tended, *peer; (peer = *at);) {
        struct span subject;
        end_pause(peer, now_ns);
        uint64_t count = tally_take(&peer->tally, now_ns / 1000000, &subject);
        if (count)
            tell(context, subject, count);
        if (!is_done(peer, now_ns)) {
            at = &peer->next_tended;
            continue;
        }
        *at = peer->next_tended;
        peer->is_tended = 0;
        if (!peer->connections)
            forget(peers, peer);
    }
    return peers->tended != NULL;
}
