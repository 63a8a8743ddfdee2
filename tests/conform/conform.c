/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this project says: reads the cases that tests/conform/oracle/main.go describes from standard
 * input and writes an answer to each. There is one more verdict, limit: it went past a limit of
 * ours (include/limits.h), which Go does not have.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "limits.h"
#include "template/engine.h"
#include "template/text.h"
#include "template/value_json.h"
#include "template/yaml.h"
#include "tests/unit/pools.h"

struct one_case {
    char kind;
    char *bytes; /* on the heap: both texts */
    struct span first, rest;
};

struct answer {
    struct text out;
    struct error error;
    int r;
};

/* 1, 0 at the end of the input; ends the program where the input is no case. */
static int read_case(struct one_case *ret)
{
    size_t first, rest;
    int fields = scanf("%c %zu %zu", &ret->kind, &first, &rest);
    if (fields == EOF)
        return 0;
    ret->bytes = fields == 3 && getchar() == '\n' ? malloc(first + rest + 1) : NULL;
    if (!ret->bytes || fread(ret->bytes, 1, first + rest + 1, stdin) != first + rest + 1) {
        fprintf(stderr, "conform: a case that is none\n");
        exit(2);
    }
    ret->first = (struct span){ret->bytes, first};
    ret->rest = (struct span){ret->bytes + first, rest};
    return 1;
}

static int read_data(struct span json, struct pool *pool, struct value *ret, struct error *error)
{
    size_t at;
    int r = value_json_read(json, pool, ret, &at);
    return r < 0 ? error_set(error, r, "the data is no JSON (byte %zu)", at) : 0;
}

static void execute(const struct one_case *one, struct pool *pool, struct answer *ret)
{
    struct value data;
    ret->r = read_data(one->rest, pool, &data, &ret->error);
    if (!ret->r)
        ret->r = engine_run(one->first, &data, pool, &ret->out, &ret->error);
}

static void marshal_json(const struct one_case *one, struct pool *pool, struct answer *ret)
{
    struct value data;
    ret->r = read_data(one->rest, pool, &data, &ret->error);
    if (!ret->r && data.kind != VALUE_MAP)
        ret->r = error_set(&ret->error, -EINVAL, "the data is no object");
    if (!ret->r)
        ret->r = yaml_write(&ret->out, &data);
}

static int by_name(const void *a, const void *b)
{
    return value_compare_text(((const struct value_member *)a)->name,
                              ((const struct value_member *)b)->name);
}

static void marshal_bytes(const struct one_case *one, struct answer *ret)
{
    const struct value text = value_string(one->rest);
    const struct value inner = {.kind = VALUE_LIST, .list = {&text, 1}};
    const struct value items[] = {text, inner};
    struct value_member members[] = {
        {SPAN_LITERAL("key"), text},
        {SPAN_LITERAL("list"), {.kind = VALUE_LIST, .list = {items, 2}}},
        {one->rest, value_float(1)},
    };
    size_t count = 3;
    if (span_is(one->rest, "key") || span_is(one->rest, "list"))
        members[span_is(one->rest, "list")].value = members[--count].value;
    qsort(members, count, sizeof members[0], by_name);
    const struct value map = {.kind = VALUE_MAP, .map = {members, count}};
    ret->r = yaml_write(&ret->out, &map);
}

static void answer_case(const struct one_case *one, struct pool *pool, struct answer *ret)
{
    switch (one->kind) {
    case 't': execute(one, pool, ret); break;
    case 'y': marshal_json(one, pool, ret); break;
    case 'b': marshal_bytes(one, ret); break;
    default: ret->r = error_set(&ret->error, -EINVAL, "no such kind"); break;
    }
}

static void print_answer(const struct answer *answer)
{
    struct span text = answer->r ? span_of(answer->error.text) : text_all(&answer->out);
    const char *verdict = !answer->r ? "ok" : answer->r == -EINVAL ? "fail" : "limit";
    printf("%s %zu\n", verdict, text.length);
    fwrite(text.data, 1, text.length, stdout);
    putchar('\n');
    fflush(stdout);
}

int main(void)
{
    struct one_case one;
    while (read_case(&one)) {
        struct pool *pool = pools_new(LIMIT_TEMPLATE_MEMORY);
        struct answer answer = {.out = text_in(pool, LIMIT_TEMPLATE_OUTPUT)};
        answer_case(&one, pool, &answer);
        print_answer(&answer);
        pool_free(pool);
        free(one.bytes);
    }
    return 0;
}
