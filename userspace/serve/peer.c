/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/peer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/table.h"
#include "base/writer.h"
#include "identity/identity.h"
#include "limits.h"
#include "serve/subject.h"

#define NAME_SIZE 192 /* a letter and the longest of a pod uid, a key, a unit */

struct peer {
    unsigned connections;
    uint64_t turn; /* of which the share below is */
    unsigned requests;
    size_t bytes;
    long held; /* bytes of unfinished requests */
    size_t name_length;
    char name[NAME_SIZE];
};

struct peers {
    struct table *table;
};

struct peers *peer_new_table(size_t max)
{
    struct peers *peers = calloc(1, sizeof *peers);
    if (!peers)
        return NULL;
    peers->table = table_new(max);
    if (!peers->table) {
        free(peers);
        return NULL;
    }
    return peers;
}

void peer_free_table(struct peers *peers)
{
    if (!peers)
        return;
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

struct peer *peer_join(struct peers *peers, const struct subject *subject, unsigned limit)
{
    char text[NAME_SIZE];
    struct span name = name_of(subject, text);
    struct peer *peer = table_find(peers->table, name);
    if (peer && peer->connections >= limit)
        return NULL;
    if (!peer) {
        peer = calloc(1, sizeof *peer);
        if (!peer)
            return NULL;
        memcpy(peer->name, name.data, name.length);
        peer->name_length = name.length;
        struct span key = {peer->name, peer->name_length};
        if (table_set(peers->table, key, peer, NULL) < 0) {
            free(peer);
            return NULL;
        }
    }
    peer->connections++;
    return peer;
}

void peer_leave(struct peers *peers, struct peer *peer)
{
    if (--peer->connections)
        return;
    table_remove(peers->table, (struct span){peer->name, peer->name_length});
    free(peer);
}

int peer_may_go_on(struct peer *peer, uint64_t turn)
{
    if (peer->turn != turn) {
        peer->turn = turn;
        peer->requests = 0;
        peer->bytes = 0;
    }
    return peer->requests < LIMIT_TURN_REQUESTS && peer->bytes < LIMIT_TURN_BYTES;
}

void peer_spend(struct peer *peer, size_t bytes)
{
    peer->requests++;
    peer->bytes += bytes;
}

int peer_hold(struct peer *peer, long delta)
{
    if (delta > 0 && peer->held + delta > (long)LIMIT_HELD_PER_POD)
        return -ENOSPC;
    peer->held += delta;
    return 0;
}
