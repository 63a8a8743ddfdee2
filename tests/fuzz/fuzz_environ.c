/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any secret: its members are those that the reader of templates finds, with the same texts, and
 * what becomes an environment has a proper name, no NUL, and none of the names that are refused.
 */
#include "base/error.h"
#include "base/str.h"
#include "cli/environ.h"
#include "client/members.h"
#include "template/value_json.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/pools.h"

static char *const base[] = {"HOME=/root", "A=old", NULL};

/* MEMBER is in MAP, and when IS_SOLE of its name with the same text. */
static void must_have(const struct value *map, const struct member *member, bool is_sole,
                      struct pool *pool)
{
    char *text = pool_alloc(pool, member->name.length + member->value.length + 1);
    if (!text)
        return;
    struct span name = {text, members_decode(member->name, text)};
    MUST(name.length <= member->name.length);
    const struct value *value = value_member(map, name);
    if (!str_is_utf8(name.data, name.length))
        return; /* the other one replaces what is no UTF-8 */
    MUST(value);
    if (member->kind != '"' || value->kind != VALUE_STRING)
        return;
    text += name.length;
    struct span found = {text, members_decode(member->value, text)};
    MUST(found.length <= member->value.length);
    if (value->string.length == found.length && str_is_utf8(found.data, found.length))
        MUST(!is_sole || span_equal(found, value->string));
}

/* Members with their repetitions; -EINVAL as members_next() has it. */
static int count_members(const char *text, size_t size)
{
    struct members members = members_of(text, size);
    struct member member;
    int r, count = 0;
    while ((r = members_next(&members, &member)) > 0)
        count++;
    return r < 0 ? r : count;
}

static void compare(const char *text, size_t size)
{
    struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
    struct value value;
    struct member member;
    size_t at;
    MUST(pool);
    int wrong = value_json_read((struct span){text, size}, pool, &value, &at);
    int count = count_members(text, size);
    if (!wrong && value.kind != VALUE_MAP)
        MUST(count < 0);
    if (!wrong && value.kind == VALUE_MAP) {
        MUST(count >= 0 && (size_t)count >= value.map.count);
        bool is_sole = (size_t)count == value.map.count;
        struct members members = members_of(text, size);
        while (members_next(&members, &member) > 0)
            must_have(&value, &member, is_sole, pool);
    }
    pool_free(pool);
}

static void build(const struct environ_rules *rules, const char *text, size_t size)
{
    struct environ made = {.variables = NULL};
    struct error error = {""};
    int r = environ_build(rules, base, text, size, &made, &error);
    MUST(r == 0 || (error.text[0] && !made.variables));
    for (char **entry = made.variables; r == 0 && *entry; entry++) {
        char name[256] = "";
        size_t length = strcspn(*entry, "=");
        MUST(length < sizeof name && (*entry)[length] == '=' && environ_is_name(*entry, length));
        memcpy(name, *entry, length);
        MUST(!environ_is_dangerous(name));
        MUST((char *)*entry < (char *)made.variables ||
             strlen(*entry) < (size_t)((char *)made.variables + made.size - *entry) ||
             *entry == base[0] || *entry == base[1]);
    }
    environ_clear(&made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    compare(text, size);
    build(&(struct environ_rules){.prefix = ""}, text, size);
    build(&(struct environ_rules){.prefix = "P_", .skip_bad = true}, text, size);
    build(&(struct environ_rules){.whole = "SECRET"}, text, size);
    return 0;
}
