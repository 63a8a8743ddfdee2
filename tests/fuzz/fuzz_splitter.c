/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a list and as a watch: the same objects in one piece and in many, each from brace to
 * brace and within its limit. */
#include "sync/splitter.h"
#include "tests/fuzz/fuzz.h"

#define MAX 256u

/* What came out, as far as two runs must agree. */
struct outcome {
    size_t found[4];
    size_t sum;
    int is_wrong, is_whole;
};

static void add(struct outcome *outcome, const struct splitter_found *found)
{
    outcome->found[found->kind]++;
    if (found->kind == SPLITTER_OVERSIZED)
        return;
    struct span text = found->text;
    MUST(text.length >= 2 && text.length <= MAX);
    MUST(text.data[0] == '{' && (text.data[text.length - 1] | 0x20) == '}');
    for (size_t i = 0; i < text.length; i++)
        outcome->sum = outcome->sum * 31 + (unsigned char)text.data[i];
}

static struct outcome run(enum splitter_body body, struct span bytes, size_t size)
{
    struct outcome outcome = {.sum = 0};
    struct splitter *splitter = splitter_new(MAX);
    MUST(splitter);
    splitter_begin(splitter, body);
    while (bytes.length && !outcome.is_wrong) {
        struct splitter_found found;
        size_t piece = bytes.length < size ? bytes.length : size;
        ssize_t n = splitter_feed(splitter, (struct span){bytes.data, piece}, &found);
        outcome.is_wrong = n < 0;
        if (n < 0)
            break;
        MUST(n > 0 && (size_t)n <= piece);
        MUST((size_t)n == piece || found.kind != SPLITTER_NOTHING);
        if (found.kind != SPLITTER_NOTHING)
            add(&outcome, &found);
        bytes.data += n;
        bytes.length -= (size_t)n;
    }
    outcome.is_whole = splitter_is_whole(splitter);
    splitter_free(splitter);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct span bytes = {(const char *)data + 1, size - 1};
    for (enum splitter_body body = SPLITTER_LIST; body <= SPLITTER_WATCH; body++) {
        struct outcome whole = run(body, bytes, bytes.length);
        struct outcome cut = run(body, bytes, data[0] % 61u + 1);
        MUST(memcmp(&whole, &cut, sizeof whole) == 0);
    }
    return 0;
}
