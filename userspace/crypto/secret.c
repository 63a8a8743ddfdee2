/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/secret.h"

#include <stdlib.h>

#include "crypto/arena.h"

struct secret *secret_new(struct arena *arena, size_t length)
{
    struct secret *secret = malloc(sizeof *secret);
    if (!secret)
        return NULL;
    *secret = (struct secret){.arena = arena, .references = 1, .length = length};
    secret->data = arena_alloc(arena, length);
    if (!secret->data) {
        free(secret);
        return NULL;
    }
    return secret;
}

struct secret *secret_ref(struct secret *secret)
{
    secret->references++;
    return secret;
}

void secret_unref(struct secret *secret)
{
    if (!secret || --secret->references)
        return;
    arena_free(secret->arena, secret->data);
    free(secret);
}
