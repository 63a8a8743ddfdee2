/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/yaml_order.h"

#include <stdint.h>

#include "template/letter.h"
#include "template/utf8.h"

static uint32_t next_rune(struct span *text)
{
    uint32_t rune;
    size_t length = utf8_decode(*text, &rune);
    *text = (struct span){text->data + length, text->length - length};
    return rune;
}

static int compare(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* The digits at the front of TEXT, put behind those of *number; how many. Wraps around, as Go. */
static size_t read_digits(struct span text, uint64_t *number)
{
    size_t count = 0;
    while (text.length) {
        uint32_t rune = next_rune(&text);
        if (!letter_is_digit(rune))
            break;
        *number = *number * 10 + (rune - (uint32_t)'0');
        count++;
    }
    return count;
}

/*
 * Neither is a letter. IS_INSIDE: a digit other than 0 stands before both, so that a 0 here is no
 * leading one.
 */
static int compare_numbers(struct span a, struct span b, int is_inside)
{
    struct span rest_a = a, rest_b = b;
    uint32_t first_a = next_rune(&rest_a), first_b = next_rune(&rest_b);
    uint64_t number_a = 0, number_b = 0;
    if ((first_a == '0' || first_b == '0') && is_inside)
        number_a = number_b = 1;
    size_t digits_a = read_digits(a, &number_a), digits_b = read_digits(b, &number_b);
    if (number_a != number_b)
        return (int64_t)number_a < (int64_t)number_b ? -1 : 1;
    if (digits_a != digits_b)
        return compare(digits_a, digits_b);
    return compare(first_a, first_b);
}

int yaml_order(struct span a, struct span b)
{
    int is_digit = 0, is_inside = 0; /* of what both began with: a digit last; one that is not 0 */
    while (a.length && b.length) {
        struct span rest_a = a, rest_b = b;
        uint32_t rune_a = next_rune(&rest_a), rune_b = next_rune(&rest_b);
        if (rune_a != rune_b) {
            int letter_a = letter_is(rune_a), letter_b = letter_is(rune_b);
            if (letter_a && letter_b)
                return compare(rune_a, rune_b);
            if (letter_a || letter_b)
                return letter_a == is_digit ? -1 : 1;
            return compare_numbers(a, b, is_inside);
        }
        is_digit = letter_is_digit(rune_a);
        is_inside = is_digit && (is_inside || rune_a != '0');
        a = rest_a;
        b = rest_b;
    }
    return compare(a.length, b.length);
}
