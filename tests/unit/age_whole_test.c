/* SPDX-License-Identifier: BSD-2-Clause */
#include "crypto/age_whole.h"

#include <errno.h>

#include "base/error.h"
#include "limits.h"
#include "tests/unit/arenas.h"

#define LONGEST (2u * AGE_PAYLOAD_CHUNK + 1)

static struct arena *arena;
static struct age_identity identities[2];
static char sealed[4 * LONGEST];

static void begin(void)
{
    arena = arenas_new(4 * ARENA_MIB);
    age_key_generate(&identities[0]);
    age_key_generate(&identities[1]);
}

static size_t seal(struct span plain)
{
    size_t length = 0;
    struct age_whole_seal *work = arena_alloc(arena, sizeof *work);
    CHECK(age_whole_size(plain.length) <= sizeof sealed);
    CHECK_EQ_INT(age_whole_seal(work, plain, &identities[1].recipient, sealed, &length), 0);
    CHECK(length <= age_whole_size(plain.length));
    CHECK(arenas_is_wiped((const char *)work, sizeof *work));
    arena_free(arena, work);
    return length;
}

static int open_with(struct span text, const struct age_identity *keys, size_t count, char **plain,
                     size_t *length)
{
    struct error error = {""};
    int r = age_whole_open(arena, text, keys, count, plain, length, NULL, &error);
    CHECK((r < 0 && r != -ENOSPC) == (error.text[0] != '\0'));
    return r;
}

TEST(what_is_sealed_opens)
{
    static char text[LONGEST];
    static const size_t lengths[] = {
        0, 1, 30, 46, 47, 48, 49, 94, 95, 96, AGE_PAYLOAD_CHUNK, AGE_PAYLOAD_CHUNK + 1, LONGEST};
    begin();
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char *plain = NULL;
        size_t length = 0, size = seal((struct span){text, lengths[i]});
        CHECK_EQ_INT(open_with((struct span){sealed, size}, identities, 2, &plain, &length), 0);
        CHECK_EQ_INT(length, lengths[i]);
        CHECK(memcmp(plain, text, length) == 0 && arena_owns(arena, plain));
        arena_free(arena, plain);
    }
    arenas_done(arena);
}

TEST(others_and_damage)
{
    begin();
    char *plain = NULL;
    size_t length = 0, size = seal(SPAN_LITERAL("hunter2"));
    CHECK_EQ_INT(open_with((struct span){sealed, size}, identities, 1, &plain, &length), -ENOKEY);
    for (size_t cut = 0; cut < size - 1; cut += 7)
        CHECK(open_with((struct span){sealed, cut}, identities, 2, &plain, &length) < 0);
    sealed[size / 2] ^= 1;
    CHECK(open_with((struct span){sealed, size}, identities, 2, &plain, &length) < 0);
    arenas_done(arena);
}

/* As many as may be, each of whom opens it. */
TEST(many_recipients)
{
    static struct age_identity keys[LIMIT_AGE_RECIPIENTS];
    static struct age_recipient to[LIMIT_AGE_RECIPIENTS + 1];
    char *text, *plain;
    size_t size, length;
    begin();
    for (size_t i = 0; i < LIMIT_AGE_RECIPIENTS; i++) {
        age_key_generate(&keys[i]);
        to[i] = keys[i].recipient;
    }
    const struct span x = SPAN_LITERAL("x");
    CHECK_EQ_INT(age_whole_make(arena, x, to, LIMIT_AGE_RECIPIENTS + 1, &text, &size), -EINVAL);
    CHECK_EQ_INT(age_whole_make(arena, x, to, 0, &text, &size), -EINVAL);
    CHECK_EQ_INT(age_whole_make(arena, x, to, LIMIT_AGE_RECIPIENTS, &text, &size), 0);
    CHECK_EQ_INT(strlen(text), size);
    for (size_t i = 0; i < LIMIT_AGE_RECIPIENTS; i += 127) {
        CHECK_EQ_INT(open_with((struct span){text, size}, &keys[i], 1, &plain, &length), 0);
        CHECK(span_equal((struct span){plain, length}, x));
        arena_free(arena, plain);
    }
    free(text);
    arenas_done(arena);
}

TEST(no_room)
{
    begin();
    struct arena *small = arenas_new(96u * 1024);
    char *plain = NULL;
    size_t length = 0, size = seal(SPAN_LITERAL("hunter2"));
    void *rest[64];
    size_t count = 0;
    while (count < 64 && (rest[count] = arena_alloc(small, 4096)))
        count++;
    CHECK_EQ_INT(age_whole_open(small, (struct span){sealed, size}, identities, 2, &plain, &length,
                                NULL, NULL),
                 -ENOSPC);
    while (count > 0)
        arena_free(small, rest[--count]);
    arenas_done(small);
    arenas_done(arena);
}

CHECK_MAIN
