/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection with the core, as it comes and goes: connects, says who is there, and connects
 * again when it is lost.
 */
#ifndef VSECM_SYNC_CORE_H
#define VSECM_SYNC_CORE_H

#include <stddef.h>

#include "wire/wire.h"

struct core;
struct loop;

struct core_options {
    struct loop *loop;
    const char *path; /* of its socket */
    const char *node; /* this node's name */
    /* The core is there (WIRE_WELCOME), and knows nothing yet. */
    void (*met)(void *context);
    /* Any other message. */
    void (*message)(void *context, const struct wire_message *message);
    /* It is not there, and WHY; told once until it is there again. */
    void (*lost)(void *context, const char *why);
    void *context;
};

/* NULL: out of memory. It connects at once. */
struct core *core_new(const struct core_options *options);

int core_is_there(const struct core *core);

/* As channel_send(); -ENOTCONN: it is not there. */
int core_send(struct core *core, const struct wire_message *message);

/* Bytes that wait to be sent. */
size_t core_queued(const struct core *core);

/* It does not take what it must have: connect anew, from the loop, never within this call. */
void core_give_up(struct core *core);

/* NULL is fine. */
void core_free(struct core *core);

#endif
