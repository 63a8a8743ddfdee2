/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as init commands: refused with a line, or blocks that each make sense. */
#include "base/error.h"
#include "base/name.h"
#include "cli/init_file.h"
#include "limits.h"
#include "store/key.h"
#include "store/validity.h"
#include "tests/fuzz/fuzz.h"

#define NOW INT64_C(1795551330123456)

static void must_be_within(struct span part, struct span text)
{
    MUST(!part.length ||
         (part.data >= text.data && part.data + part.length <= text.data + text.length));
}

static size_t must_be_names(struct span list, int (*is_good)(struct span name))
{
    struct span name;
    size_t count = 0;
    for (; init_file_next_name(&list, &name); count++)
        MUST(is_good(name));
    return count;
}

static void must_make_sense(const struct init_block *block, struct span text)
{
    int stores = block->secret.length > 0,
        kinds = stores + block->removes + block->sleeps + block->exits + (block->keys.length > 0);
    size_t namespaces = must_be_names(block->namespaces, name_is_label);
    MUST(kinds == 1);
    MUST((must_be_names(block->workloads, key_is_asked) > 0) == (stores || block->removes));
    MUST(must_be_names(block->workloads, key_is_asked) * (namespaces ? namespaces : 1) <=
         LIMIT_TARGETS);
    MUST(block->sleep_ms <= LIMIT_BACKOFF_MS);
    MUST(block->expires.length <= INIT_FILE_TIME && block->not_before.length <= INIT_FILE_TIME);
    MUST(block->format.length == 0 || block->format.length == 4 || span_is(block->format, "raw"));
    must_be_within(block->secret, text);
    must_be_within(block->template, text);
    must_be_within(block->keys, text);
    must_be_within(block->workloads, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = {(const char *)data, size};
    struct init_file file = {.rest = text};
    struct init_block block;
    struct error error = {""}, same = {""};
    unsigned line = 0;
    int r;
    while ((r = init_file_next(&file, NOW, &block, &error)) > 0) {
        MUST(block.line > line && block.line <= file.line);
        line = block.line;
        must_make_sense(&block, text);
    }
    MUST((r < 0) == (error.text[0] != '\0'));
    MUST(r == 0 || strstr(error.text, "line "));
    MUST(init_file_check(text, NOW, &same) == r && strcmp(error.text, same.text) == 0);
    return 0;
}
