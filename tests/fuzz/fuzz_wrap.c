/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of the VSecMKey, any text: what is read is written and read again, and is the same.
 * The first byte says how small the arena is.
 */
#include "cluster/wrap.h"

#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "cluster/wrap_json.h"
#include "crypto/arena.h"
#include "store/json.h"
#include "tests/fuzz/fuzz.h"

static struct arena *arenas[2];

static char *written(const struct wrap *wrap, size_t *length)
{
    struct writer count = {0};
    wrap_json_write(&count, wrap);
    char *text = malloc(count.needed + 1);
    MUST(text != NULL);
    struct writer w = writer_on(text, count.needed + 1);
    wrap_json_write(&w, wrap);
    MUST(writer_ok(&w) && w.used == count.needed);
    *length = w.used;
    return text;
}

static void check(struct arena *arena, const struct wrap *wrap)
{
    struct wrap *again = NULL;
    size_t one, two;
    char *text = written(wrap, &one);
    int r = wrap_json_read(arena, (struct span){text, one}, &again, NULL);
    MUST(r == 0 || r == -ENOSPC || r == -ENOMEM);
    if (r == 0) {
        char *second = written(again, &two);
        MUST(one == two && memcmp(text, second, one) == 0);
        MUST(wrap_follows(wrap, again) && wrap_follows(again, wrap));
        free(second);
    }
    wrap_free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int i = 0; i < 2; i++)
        if (!arenas[i])
            MUST(arena_new(i ? 256u << 10 : 4u << 20, ARENA_MLOCK, &arenas[i], NULL) == 0);
    if (size == 0)
        return 0;
    struct arena *arena = arenas[data[0] & 1];
    struct span text = {(const char *)data + 1, size - 1};
    struct arena_stats stats;
    struct error error = {""};
    struct wrap *wrap = NULL;
    json_use(arena);
    int r = wrap_json_read(arena, text, &wrap, &error);
    MUST(r == 0 || r == -EINVAL || r == -ENOSPC || r == -ENOMEM);
    if (r == 0) {
        MUST(wrap->secret->identities >= 1 && wrap->generation >= 1);
        check(arena, wrap);
        wrap_free(wrap);
    }
    arena_read_stats(arena, &stats);
    MUST(stats.blocks == 0);
    return 0;
}
