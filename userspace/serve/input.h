/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is left of a request that has not come whole, in the arena. It counts as held by the peer,
 * but for a body that its sender may send: that is memory granted to it.
 */
#ifndef VSECM_SERVE_INPUT_H
#define VSECM_SERVE_INPUT_H

#include <stddef.h>

struct arena;
struct peer;

/* All zero is an empty one. */
struct input {
    char *data;
    size_t used;
    size_t size;
    int is_granted;
};

/*
 * Keep LENGTH bytes at DATA, which may lie in the input itself. NEEDED: bytes of the request that
 * they begin, for which memory is granted; 0: not known yet. 0 or -ENOSPC: then nothing has
 * changed.
 */
int input_keep(struct input *input, struct arena *arena, struct peer *peer, const char *data,
               size_t length, size_t needed);

/* Wipe and release. */
void input_drop(struct input *input, struct arena *arena, struct peer *peer);

#endif
