/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/input.h"

#include <errno.h>
#include <string.h>

#include "crypto/arena.h"
#include "limits.h"
#include "serve/peer.h"

#define FIRST_SIZE LIMIT_RECEIVE /* a request that does not come whole is seldom larger */

void input_drop(struct input *input, struct arena *arena, struct peer *peer)
{
    if (!input->data)
        return;
    arena_free(arena, input->data);
    if (!input->is_granted)
        peer_hold(peer, -(long)input->size);
    *input = (struct input){0};
}

/* Room to grow, so that bytes that come one by one are not copied each time. */
static size_t size_for(size_t length)
{
    size_t size = length < FIRST_SIZE ? FIRST_SIZE : 2 * length;
    return size > LIMIT_HEADER && length < LIMIT_HEADER ? LIMIT_HEADER : size;
}

int input_keep(struct input *input, struct arena *arena, struct peer *peer, const char *data,
               size_t length, size_t needed)
{
    size_t size = needed ? needed : size_for(length);
    if (input->data && input->size >= size) {
        if (data != input->data)
            memmove(input->data, data, length);
        input->used = length;
        return 0;
    }
    if (!needed && peer_hold(peer, (long)size) < 0)
        return -ENOSPC;
    char *fresh = arena_alloc(arena, size);
    if (!fresh) {
        if (!needed)
            peer_hold(peer, -(long)size);
        return -ENOSPC;
    }
    memcpy(fresh, data, length);
    input_drop(input, arena, peer);
    *input = (struct input){fresh, length, size, needed != 0};
    return 0;
}
