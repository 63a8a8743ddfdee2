/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/tally.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"

static void remember(struct tally *tally, struct span subject)
{
    char *room = realloc(tally->subject, subject.length);
    if (!room)
        return;
    memcpy(room, subject.data, subject.length);
    tally->subject = room;
    tally->length = subject.length;
}

int tally_add(struct tally *tally, struct span subject, uint64_t now_ms)
{
    if (!tally->until_ms) {
        tally->until_ms = now_ms + LIMIT_TALLY_MS;
        return 1;
    }
    /* Whoever it is changes seldom; to compare is cheaper than to copy, and mostly it is one. */
    if (tally->length != subject.length ||
        memcmp(tally->subject, subject.data, subject.length) != 0)
        remember(tally, subject);
    tally->count++;
    return 0;
}

uint64_t tally_take(struct tally *tally, uint64_t now_ms, struct span *subject)
{
    uint64_t count = tally->count;
    if (now_ms < tally->until_ms && tally->until_ms - now_ms <= LIMIT_TALLY_MS)
        return 0;
    tally->count = 0;
    tally->until_ms = count ? now_ms + LIMIT_TALLY_MS : 0;
    *subject = (struct span){tally->subject, tally->length};
    return count;
}

int tally_is_empty(const struct tally *tally)
{
    return !tally->until_ms;
}

void tally_drop(struct tally *tally)
{
    free(tally->subject);
    *tally = (struct tally){0};
}
