/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/plea.h"

#include <errno.h>

#include "base/error.h"
#include "store/json.h"
#include "tests/unit/arenas.h"

#define RECIPIENT "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"

static struct error error;

TEST(opens_for_the_root_key_only)
{
    struct arena *arena = arenas_new(2 * ARENA_MIB);
    struct age_identity root, node, stranger;
    struct plea back;
    char *sealed;
    size_t length;
    json_use(arena);
    age_key_generate(&root);
    age_key_generate(&node);
    age_key_generate(&stranger);
    const struct plea plea = {SPAN_LITERAL("node-1"), node.recipient,
                              SPAN_LITERAL("eyJhbGciOi.J9.x_y-z"), NULL};
    CHECK_EQ_INT(plea_seal(arena, &plea, &root.recipient, &sealed, &length), 0);
    CHECK(!strstr(sealed, "eyJhbGciOi"));
    struct span text = {sealed, length};
    CHECK_EQ_INT(plea_open(arena, &stranger, 1, text, &back, &error), -ENOKEY);
    CHECK_EQ_INT(plea_open(arena, &root, 1, text, &back, &error), 0);
    CHECK(span_equal(back.node, plea.node) && span_equal(back.token, plea.token));
    CHECK_MEM(&back.recipient, &node.recipient, sizeof node.recipient);
    plea_done(&back);
    sealed[length / 2] ^= 1;
    CHECK(plea_open(arena, &root, 1, text, &back, &error) < 0);
    free(sealed);
    json_use(NULL);
    arenas_done(arena);
}

TEST(what_is_no_request)
{
    static const char *const rows[] = {
        "",
        "[]",
        "{}",
        "{\"v\":2,\"node\":\"a\",\"recipient\":\"" RECIPIENT "\",\"token\":\"t\"}",
        "{\"v\":1,\"node\":\"A\",\"recipient\":\"" RECIPIENT "\",\"token\":\"t\"}",
        "{\"v\":1,\"node\":1,\"recipient\":\"" RECIPIENT "\",\"token\":\"t\"}",
        "{\"v\":1,\"node\":\"a\",\"recipient\":\"age1\",\"token\":\"t\"}",
        "{\"v\":1,\"node\":\"a\",\"recipient\":\"" RECIPIENT "\",\"token\":\"\"}",
        "{\"v\":1,\"node\":\"a\",\"recipient\":\"" RECIPIENT "\"}",
        "{\"v\":1,\"node\":\"a\",\"recipient\":\"" RECIPIENT "\",\"token\":\"t\"}x",
    };
    struct arena *arena = arenas_new(2 * ARENA_MIB);
    struct plea plea;
    json_use(arena);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_EQ_INT(plea_read(span_of(rows[i]), &plea, &error), -EINVAL);
    CHECK_EQ_INT(plea_read(SPAN_LITERAL("{\"v\":1,\"node\":\"a\",\"recipient\":\"" RECIPIENT
                                        "\",\"token\":\"t\",\"more\":1}"),
                           &plea, &error),
                 0);
    plea_done(&plea);
    json_use(NULL);
    arenas_done(arena);
}

CHECK_MAIN
