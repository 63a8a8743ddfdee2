/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VSecMSecret may hold: any bytes as its spec.sealed, and any text sealed to the root key,
 * which whoever knows the public half can do. What is read is written and read again, and judged.
 */
#include <errno.h>
#include <stdlib.h>

#include "cluster/judgement.h"
#include "cluster/sealed_record.h"
#include "crypto/age_whole.h"
#include "crypto/arena.h"
#include "store/json.h"
#include "store/key.h"
#include "store/record.h"
#include "tests/fuzz/fuzz.h"

static struct arena *arena;
static struct age_identity identities[2];

static void must_be_empty(void)
{
    struct arena_stats stats;
    arena_read_stats(arena, &stats);
    MUST(stats.blocks == 0);
}

static void check_again(const struct record *record)
{
    struct record back;
    char *sealed;
    size_t length;
    MUST(sealed_record_write(arena, record, &identities[1].recipient, &sealed, &length) == 0);
    int r = sealed_record_read(arena, (struct span){sealed, length}, identities, 2, &back);
    MUST(r == 0 || r == -ENOSPC);
    if (r == 0) {
        const struct judgement_known known = {
            .key = back.key, .version = back.version, .is_same = 1};
        MUST(span_equal(back.key, record->key) && span_equal(back.value, record->value));
        MUST(judgement_of(record, &known) == JUDGEMENT_SAME);
        record_done(arena, &back);
    }
    free(sealed);
}

static void read_sealed(struct span sealed)
{
    struct record record;
    int r = sealed_record_read(arena, sealed, identities, 2, &record);
    MUST(r == 0 || r == -ENOKEY || r == -EBADMSG || r == -ENOSPC);
    if (r < 0)
        return;
    MUST(record.op == RECORD_PUT && record.sequence == 0 && record.version >= 1);
    MUST(key_is_good(record.key) && arena_owns(arena, record.value.data));
    check_again(&record);
    record_done(arena, &record);
}

static void read_text(struct span text)
{
    size_t length = 0;
    struct age_whole_seal *work = arena_alloc(arena, sizeof *work);
    char *sealed = malloc(age_whole_size(text.length));
    MUST(work && sealed);
    MUST(age_whole_seal(work, text, &identities[0].recipient, sealed, &length) == 0);
    arena_free(arena, work);
    read_sealed((struct span){sealed, length});
    free(sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!arena) {
        MUST(arena_new(8u << 20, ARENA_MLOCK, &arena, NULL) == 0);
        json_use(arena);
        age_key_generate(&identities[0]);
        age_key_generate(&identities[1]);
    }
    if (size == 0)
        return 0;
    struct span text = {(const char *)data + 1, size - 1};
    if (data[0] & 1)
        read_text(text);
    else
        read_sealed(text);
    must_be_empty();
    return 0;
}
