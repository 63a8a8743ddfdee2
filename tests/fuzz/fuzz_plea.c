/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node's request to be let in, any text: as a payload, what is read is written and read again,
 * and is the same; as a sealed file, it is none.
 */
#include "cluster/plea.h"

#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "crypto/arena.h"
#include "store/json.h"
#include "tests/fuzz/fuzz.h"

static struct arena *arena;
static struct age_identity key;

static void check(const struct plea *plea)
{
    static char text[LIMIT_WIRE_REQUEST * 2];
    struct plea again;
    struct writer w = writer_on(text, sizeof text);
    plea_write(&w, plea);
    MUST(writer_ok(&w));
    MUST(plea_read((struct span){text, w.used}, &again, NULL) == 0);
    MUST(span_equal(again.node, plea->node) && span_equal(again.token, plea->token));
    MUST(memcmp(&again.recipient, &plea->recipient, sizeof again.recipient) == 0);
    plea_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct error error = {""};
    struct arena_stats stats;
    struct plea plea;
    if (!arena) {
        MUST(arena_new(4u << 20, ARENA_MLOCK, &arena, NULL) == 0);
        age_key_generate(&key);
    }
    json_use(arena);
    int r = plea_read(text, &plea, &error);
    MUST(r == 0 || r == -EINVAL || r == -ENOSPC);
    if (r == 0) {
        check(&plea);
        plea_done(&plea);
    }
    MUST(plea_open(arena, &key, 1, text, &plea, &error) < 0);
    arena_read_stats(arena, &stats);
    MUST(stats.blocks == 0);
    return 0;
}
