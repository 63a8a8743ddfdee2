/* SPDX-License-Identifier: BSD-2-Clause */
#include "cluster/wrap.h"

#include <errno.h>

#include "base/error.h"
#include "base/writer.h"
#include "cluster/wrap_json.h"
#include "store/json.h"
#include "tests/unit/arenas.h"

static struct arena *arena;
static struct error error;

static void begin(void)
{
    arena = arenas_new(8 * ARENA_MIB);
    json_use(arena);
}

static void end(void)
{
    json_use(NULL);
    arenas_done(arena);
}

static struct age_recipient some_recipient(void)
{
    struct age_identity identity;
    age_key_generate(&identity);
    return identity.recipient;
}

static struct wrap *some_wrap(void)
{
    struct age_identity identity;
    age_key_generate(&identity);
    struct wrap *wrap = wrap_new(arena, &identity, 1);
    CHECK(wrap != NULL);
    wrap->generation = 1;
    return wrap;
}

static void put(struct wrap_nodes *nodes, const char *name)
{
    struct age_recipient recipient = some_recipient();
    CHECK_EQ_INT(wrap_put(nodes, span_of(name), &recipient), 0);
}

/* The payload as text, to be freed. */
static char *text_of(const struct wrap *wrap)
{
    struct writer count = {0};
    wrap_json_write(&count, wrap);
    char *text = malloc(count.needed + 1);
    struct writer w = writer_on(text, count.needed + 1);
    wrap_json_write(&w, wrap);
    CHECK(writer_ok(&w));
    CHECK_EQ_INT(w.used, count.needed);
    text[w.used] = '\0';
    return text;
}

TEST(comes_back_as_it_was)
{
    struct wrap *back;
    char *sealed;
    size_t length;
    begin();
    struct wrap *wrap = some_wrap();
    wrap->generation = 4711;
    wrap->mode = ROOT_APPROVE;
    CHECK_EQ_INT(wrap_renew(wrap), 0);
    wrap_settle(wrap);
    CHECK_EQ_INT(wrap_renew(wrap), 0);
    put(&wrap->nodes, "node-1.example.org");
    put(&wrap->nodes, "node-2");
    put(&wrap->approved, "node-3");
    wrap_bar(wrap, SPAN_LITERAL("node-4"));
    wrap->recovery[wrap->recoveries++] = some_recipient();
    CHECK_EQ_INT(wrap_seal(wrap, &sealed, &length), 0);
    CHECK_EQ_INT(strlen(sealed), length);
    for (size_t i = 0; i < 2; i++) { /* by the newest and by none but the newest */
        int r = wrap_open(arena, &wrap->secret->identity[i], 1, (struct span){sealed, length},
                          &back, &error);
        CHECK_EQ_INT(r, i ? -ENOKEY : 0);
        if (r < 0)
            continue;
        char *one = text_of(wrap), *two = text_of(back);
        CHECK_STR(two, one);
        CHECK_EQ_INT(back->secret->identities, 2);
        CHECK_EQ_INT(back->secret->tokens, 1);
        free(one);
        free(two);
        wrap_free(back);
    }
    free(sealed);
    wrap_free(wrap);
    end();
}

TEST(everybody_in_it_opens_it_and_nobody_else)
{
    struct age_identity node, recovery, stranger, *const keys[] = {&node, &recovery, &stranger};
    char *sealed;
    size_t length;
    begin();
    struct wrap *wrap = some_wrap(), *back;
    for (size_t i = 0; i < 3; i++)
        age_key_generate(keys[i]);
    wrap_put(&wrap->nodes, SPAN_LITERAL("a"), &node.recipient);
    wrap->recovery[wrap->recoveries++] = recovery.recipient;
    CHECK_EQ_INT(wrap_seal(wrap, &sealed, &length), 0);
    for (size_t i = 0; i < 3; i++) {
        int r = wrap_open(arena, keys[i], 1, (struct span){sealed, length}, &back, &error);
        CHECK_EQ_INT(r, i < 2 ? 0 : -ENOKEY);
        if (r == 0)
            wrap_free(back);
    }
    free(sealed);
    wrap_free(wrap);
    end();
}

TEST(what_follows)
{
    begin();
    struct wrap *first = some_wrap(), *other = some_wrap();
    struct wrap *next = wrap_copy(first);
    CHECK(wrap_follows(first, next));
    CHECK(!wrap_follows(first, other));
    for (unsigned i = 0; i < LIMIT_ROOT_LINEAGE; i++) {
        CHECK_EQ_INT(wrap_renew(next), 0);
        CHECK(wrap_follows(first, next));
        wrap_settle(next);
        CHECK_EQ_INT(next->secret->identities, 1);
        CHECK(wrap_follows(first, next));
        CHECK(!wrap_follows(next, first)); /* it knows nothing of what came later */
        CHECK(!wrap_follows(other, next));
    }
    CHECK_EQ_INT(wrap_renew(next), 0);
    wrap_settle(next); /* too long ago */
    CHECK(!wrap_follows(first, next));
    CHECK_EQ_INT(next->secret->tokens, LIMIT_ROOT_LINEAGE);
    for (size_t i = 1; i < ROOTKEY_MAX; i++)
        CHECK_EQ_INT(wrap_renew(next), 0);
    CHECK_EQ_INT(wrap_renew(next), -ENOSPC);
    wrap_free(first);
    wrap_free(other);
    wrap_free(next);
    end();
}

TEST(lists_have_limits)
{
    char name[32];
    begin();
    struct wrap *wrap = some_wrap();
    struct age_recipient recipient = some_recipient();
    for (unsigned i = 0; i < LIMIT_NODES; i++) {
        snprintf(name, sizeof name, "node-%u", i);
        CHECK_EQ_INT(wrap_put(&wrap->nodes, span_of(name), &recipient), 0);
    }
    CHECK_EQ_INT(wrap_put(&wrap->nodes, SPAN_LITERAL("one-more"), &recipient), -ENOSPC);
    CHECK_EQ_INT(wrap_put(&wrap->nodes, SPAN_LITERAL("node-7"), &recipient), 0);
    CHECK(wrap_drop(&wrap->nodes, SPAN_LITERAL("node-0")));
    CHECK(!wrap_drop(&wrap->nodes, SPAN_LITERAL("node-0")));
    CHECK_STR(wrap->nodes.list[0].name, "node-1");
    for (unsigned i = 0; i <= LIMIT_NODES_BARRED; i++) {
        snprintf(name, sizeof name, "gone-%u", i);
        wrap_bar(wrap, span_of(name));
    }
    CHECK(!wrap_is_barred(wrap, SPAN_LITERAL("gone-0")));
    CHECK(wrap_is_barred(wrap, SPAN_LITERAL("gone-1")));
    wrap_unbar(wrap, SPAN_LITERAL("gone-1"));
    CHECK(!wrap_is_barred(wrap, SPAN_LITERAL("gone-1")));
    wrap_free(wrap);
    end();
}

TEST(recovery_recipients)
{
    char one[AGE_KEY_RECIPIENT_TEXT], text[2000] = "";
    size_t used = 0;
    begin();
    struct wrap *wrap = some_wrap();
    struct age_recipient recipient = some_recipient();
    age_key_write_recipient(&recipient, one);
    CHECK_EQ_INT(wrap_set_recovery(wrap, "", &error), 0);
    CHECK_EQ_INT(wrap->recoveries, 0);
    for (unsigned i = 0; i < LIMIT_RECOVERY; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s  ", one);
    }
    CHECK_EQ_INT(wrap_set_recovery(wrap, text, &error), 0);
    CHECK_EQ_INT(wrap->recoveries, LIMIT_RECOVERY);
    snprintf(text + used, sizeof text - used, "%s", one);
    CHECK_EQ_INT(wrap_set_recovery(wrap, text, &error), -E2BIG);
    CHECK_EQ_INT(wrap_set_recovery(wrap, "age1x", &error), -EINVAL);
    wrap_free(wrap);
    end();
}

/* Each of these is one change of a good payload. */
TEST(what_is_no_payload)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"\"v\":1", "\"v\":2"},
        {"\"v\":1", "\"v\":\"1\""},
        {"\"generation\":1", "\"generation\":0"},
        {"\"generation\":1", "\"generation\":1.5"},
        {"\"generation\":1", "\"generation\":9007199254740992"},
        {"\"mode\":\"auto\"", "\"mode\":\"lax\""},
        {"\"identities\":[\"AGE", "\"identities\":[\"EGA"},
        {"\"identities\":[", "\"identities\":[1,"},
        {"\"identities\"", "\"identity\""},
        {"\"lineage\":[]", "\"lineage\":[\"AAAA\"]"},
        {"\"lineage\":[]", "\"lineage\":{}"},
        {"\"nodes\":[{\"name\":\"a\"", "\"nodes\":[{\"name\":\"A\""},
        {"\"nodes\":[", "\"nodes\":[7,"},
        {"\"recipient\":\"age1", "\"recipient\":\"age2"},
        {"\"removed\":[]", "\"removed\":[\"\"]"},
        {"\"recovery\":[]", "\"recovery\":[\"age1\"]"},
        {"]}", "]"},
    };
    begin();
    struct wrap *wrap = some_wrap(), *back;
    put(&wrap->nodes, "a");
    char *good = text_of(wrap), bad[4096];
    CHECK_EQ_INT(wrap_json_read(arena, span_of(good), &back, &error), 0);
    wrap_free(back);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = strstr(good, rows[i].from);
        CHECK(at != NULL);
        snprintf(bad, sizeof bad, "%.*s%s%s", (int)(at - good), good, rows[i].to,
                 at + strlen(rows[i].from));
        if (wrap_json_read(arena, span_of(bad), &back, &error) != -EINVAL)
            check_fail(__FILE__, __LINE__, "%s was taken", rows[i].to);
        CHECK(!strstr(error.text, "AGE-SECRET"));
    }
    free(good);
    wrap_free(wrap);
    end();
}

/* The largest there can be is an object that the API server takes. */
TEST(the_largest_fits)
{
    char name[LIMIT_DNS_SUBDOMAIN + 1], *sealed;
    size_t length;
    begin();
    struct wrap *wrap = some_wrap(), *back;
    for (unsigned i = 0; i < LIMIT_NODES; i++) {
        memset(name, 'n', sizeof name - 1);
        name[63] = name[127] = name[191] = '.';
        name[LIMIT_DNS_SUBDOMAIN] = '\0';
        name[0] = (char)('a' + i % 26);
        name[1] = (char)('a' + i / 26);
        put(&wrap->nodes, name);
        put(&wrap->approved, name);
    }
    for (unsigned i = 0; i < LIMIT_RECOVERY; i++)
        wrap->recovery[wrap->recoveries++] = some_recipient();
    CHECK_EQ_INT(wrap_seal(wrap, &sealed, &length), 0);
    CHECK(length < LIMIT_WIRE_SEALED / 2);
    CHECK_EQ_INT(wrap_open(arena, &wrap->secret->identity[0], 1, (struct span){sealed, length},
                           &back, &error),
                 0);
    CHECK_EQ_INT(back->nodes.count, LIMIT_NODES);
    wrap_free(back);
    free(sealed);
    wrap_free(wrap);
    end();
}

CHECK_MAIN
