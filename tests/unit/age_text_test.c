/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_text.h"

#include <errno.h>

#include "base/error.h"
#include "crypto/age_key.h"
#include "limits.h"
#include "tests/unit/arenas.h"

static struct error error;
static char mark[AGE_MARK + 1];

TEST(sizes_come_back)
{
    static const size_t sizes[] = {0, 1, 47, 48, 49, 65535, 65536, 65537, 200000};
    struct arena *arena = arenas_new(4 * ARENA_MIB);
    struct age_identity key;
    age_key_generate(&key);
    char *plain = arena_alloc(arena, 200000), *sealed, *back;
    size_t length, opened;
    for (size_t i = 0; i < 200000; i++)
        plain[i] = (char)check_random(256);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CHECK_EQ_INT(age_text_seal(arena, &key.recipient, 1, (struct span){plain, sizes[i]},
                                   &sealed, &length),
                     0);
        CHECK_EQ_INT(strlen(sealed), length);
        CHECK_EQ_INT(age_text_open(arena, &key, 1, (struct span){sealed, length}, &back, &opened,
                                   mark, &error),
                     0);
        CHECK_EQ_INT(opened, sizes[i]);
        CHECK_MEM(back, plain, opened);
        arena_free(arena, back);
        free(sealed);
    }
    arena_free(arena, plain);
    arenas_done(arena);
}

/* As many as may be, each of whom opens it. */
TEST(many_recipients)
{
    static struct age_identity keys[LIMIT_AGE_RECIPIENTS];
    static struct age_recipient to[LIMIT_AGE_RECIPIENTS + 1];
    struct arena *arena = arenas_new(ARENA_MIB);
    char *sealed, *back;
    size_t length, opened;
    for (size_t i = 0; i < LIMIT_AGE_RECIPIENTS; i++) {
        age_key_generate(&keys[i]);
        to[i] = keys[i].recipient;
    }
    CHECK_EQ_INT(
        age_text_seal(arena, to, LIMIT_AGE_RECIPIENTS + 1, SPAN_LITERAL("x"), &sealed, &length),
        -EINVAL);
    CHECK_EQ_INT(age_text_seal(arena, to, 0, SPAN_LITERAL("x"), &sealed, &length), -EINVAL);
    CHECK_EQ_INT(
        age_text_seal(arena, to, LIMIT_AGE_RECIPIENTS, SPAN_LITERAL("x"), &sealed, &length), 0);
    for (size_t i = 0; i < LIMIT_AGE_RECIPIENTS; i += 127) {
        CHECK_EQ_INT(age_text_open(arena, &keys[i], 1, (struct span){sealed, length}, &back,
                                   &opened, mark, &error),
                     0);
        arena_free(arena, back);
    }
    free(sealed);
    arenas_done(arena);
}

TEST(no_room)
{
    struct arena *arena = arenas_new(64 * 1024);
    struct age_identity key;
    char *sealed;
    size_t length;
    age_key_generate(&key);
    CHECK_EQ_INT(age_text_seal(arena, &key.recipient, 1, SPAN_LITERAL("x"), &sealed, &length),
                 -ENOSPC);
    CHECK_EQ_INT(age_text_open(arena, &key, 1, SPAN_LITERAL("x"), &sealed, &length, mark, &error),
                 -ENOSPC);
    arenas_done(arena);
}

CHECK_MAIN
