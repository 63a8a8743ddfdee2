/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A value as Go's text/template sees it when its data is JSON: map[string]any, []any, string,
 * float64, bool and nil; and what constants and functions add to these. Plain data; whatever it
 * points to lives in a pool.
 */
#ifndef VSECM_TEMPLATE_VALUE_H
#define VSECM_TEMPLATE_VALUE_H

#include <stdint.h>

#include "base/span.h"

enum value_kind {
    VALUE_NONE,   /* no value at all, reflect's zero Value: a key that is not there */
    VALUE_NIL,    /* nil: JSON's null, and the constant */
    VALUE_BOOL,   /* bool */
    VALUE_INT,    /* int: constants, len, indexes, the counter of a range */
    VALUE_BYTE,   /* uint8: what index gives of a string */
    VALUE_FLOAT,  /* float64: every JSON number, and constants with a point or an exponent */
    VALUE_STRING, /* string; any bytes */
    VALUE_LIST,   /* []interface {} */
    VALUE_MAP,    /* map[string]interface {} */
};

struct value_member;

struct value {
    enum value_kind kind;
    uint32_t spare; /* VALUE_LIST: items behind its last, where slices may reach: Go's capacity */
    union {
        int boolean;     /* VALUE_BOOL: 0 or 1 */
        int64_t integer; /* VALUE_INT, VALUE_BYTE */
        double number;   /* VALUE_FLOAT */
        struct span string;
        struct {
            const struct value *items;
            size_t count;
        } list;
        struct {
            const struct value_member *members; /* sorted by name, byte by byte; each name once */
            size_t count;
        } map;
    };
};

struct value_member {
    struct span name;
    struct value value;
};

static inline struct value value_none(void)
{
    return (struct value){.kind = VALUE_NONE};
}

static inline struct value value_nil(void)
{
    return (struct value){.kind = VALUE_NIL};
}

static inline struct value value_bool(int boolean)
{
    return (struct value){.kind = VALUE_BOOL, .boolean = boolean != 0};
}

static inline struct value value_int(int64_t integer)
{
    return (struct value){.kind = VALUE_INT, .integer = integer};
}

static inline struct value value_float(double number)
{
    return (struct value){.kind = VALUE_FLOAT, .number = number};
}

static inline struct value value_string(struct span string)
{
    return (struct value){.kind = VALUE_STRING, .string = string};
}

/* Go's name of its type: "string", "map[string]interface {}", "<nil>" for none and nil. */
const char *value_type(const struct value *value);

/* Member NAME of MAP (a VALUE_MAP), or NULL. */
const struct value *value_member(const struct value *map, struct span name);

/* Order of two strings as Go compares them: byte by byte. */
int value_compare_text(struct span a, struct span b);

#endif
