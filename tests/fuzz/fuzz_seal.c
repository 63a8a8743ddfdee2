/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sealed frames. 'c': a real one with bytes changed (pairs of place and difference) never opens.
 * 's': a label, a newline and a text that is sealed as it is: it opens only when it is a record
 * that says what the label does.
 */
#include "store/seal.h"

#include <errno.h>

#include "base/error.h"
#include "crypto/age_header.h"
#include "crypto/age_payload.h"
#include "crypto/arena.h"
#include "limits.h"
#include "store/json.h"
#include "store/record.h"
#include "tests/fuzz/fuzz.h"

#define SEQUENCE 5
#define LABEL "put a/b 3 2026-11-24T20:15:30.123456Z now never"
#define TEXT                                                                                   \
    "{\"v\":1,\"op\":\"put\",\"sequence\":5,\"namespace\":\"a\",\"workload\":\"b\","           \
    "\"version\":3,\"created\":\"2026-11-24T20:15:30.123456Z\","                               \
    "\"updated\":\"2026-11-24T20:15:30.123456Z\",\"notBefore\":\"now\",\"expires\":\"never\"," \
    "\"value\":\"the value\"}"

static struct arena *arena;
static struct seal *seal;
static unsigned char file_key[AGE_FILE_KEY];
static unsigned char real[sizeof TEXT + 256];

int LLVMFuzzerInitialize(int *count, char ***words);

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count, (void)words;
    static struct age_identity identity;
    static char preface[LIMIT_PREFACE];
    size_t length, which;
    MUST(arena_new(4u << 20, ARENA_MLOCK, &arena, NULL) == 0);
    json_use(arena);
    age_key_generate(&identity);
    memset(file_key, 'k', sizeof file_key);
    MUST(age_header_write(&identity.recipient, 1, file_key, preface, sizeof preface, &length) == 0);
    MUST(seal_open(arena, (struct span){preface, length}, &identity, 1, &which, &seal, NULL) == 0);
    MUST(age_payload_sealed(sizeof TEXT - 1) <= sizeof real);
    age_payload_seal(file_key, TEXT, sizeof TEXT - 1, real);
    return 0;
}

static uint64_t blocks(void)
{
    struct arena_stats stats;
    arena_read_stats(arena, &stats);
    return stats.blocks;
}

static int open_frame(struct span label, struct span payload, struct record *ret)
{
    const struct journal_frame frame = {.sequence = SEQUENCE, .meta = label, .payload = payload};
    uint64_t before = blocks();
    int r = seal_open_record(seal, &frame, ret);
    MUST(r == 0 || r == -EBADMSG || r == -ENOSPC);
    MUST(r == 0 || blocks() == before);
    return r;
}

static void change(const uint8_t *data, size_t size)
{
    unsigned char frame[sizeof LABEL - 1 + sizeof real];
    size_t label = sizeof LABEL - 1, payload = age_payload_sealed(sizeof TEXT - 1);
    memcpy(frame, LABEL, label);
    memcpy(frame + label, real, payload);
    for (size_t i = 0; i + 2 < size; i += 3)
        frame[(data[i] + 256u * data[i + 1]) % (label + payload)] ^= data[i + 2];
    int is_real = memcmp(frame, LABEL, label) == 0 && memcmp(frame + label, real, payload) == 0;
    struct record record;
    int r = open_frame((struct span){(char *)frame, label},
                       (struct span){(char *)frame + label, payload}, &record);
    MUST((r == 0) == is_real);
    if (r < 0)
        return;
    MUST(span_is(record.value, "the value"));
    record_done(arena, &record);
}

static void seal_text(struct span label, struct span text)
{
    if (text.length > LIMIT_VALUE)
        return;
    size_t length = age_payload_sealed(text.length);
    unsigned char *sealed = malloc(length);
    age_payload_seal(file_key, text.data, text.length, sealed);
    struct record record, said;
    struct label claimed;
    int r = open_frame(label, (struct span){(char *)sealed, length}, &record);
    int is_record = record_read(text, arena, &said, NULL) == 0;
    int fits =
        is_record && label_read(label, &claimed) == 0 && record_matches(&said, &claimed, SEQUENCE);
    MUST((r == 0) == fits);
    if (r == 0) {
        MUST(span_equal(record.key, claimed.key) && record.version == claimed.version);
        MUST(span_equal(record.value, said.value));
        record_done(arena, &record);
    }
    if (is_record)
        record_done(arena, &said);
    free(sealed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t before = blocks();
    if (size && data[0] == 'c') {
        change(data + 1, size - 1);
    } else if (size) {
        const char *text = (const char *)data + 1, *line = memchr(text, '\n', size - 1);
        size_t split = line ? (size_t)(line - text) : 0, start = line ? split + 1 : 0;
        seal_text((struct span){text, split}, (struct span){text + start, size - 1 - start});
    }
    MUST(blocks() == before);
    return 0;
}
