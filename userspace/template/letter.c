/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/letter.h"

#include <stddef.h>

#include "template/letter_table.h"

/* RUNE is in the set when the number of turns up to it is odd. */
static int is_in(const uint32_t *turns, size_t count, uint32_t rune)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (turns[middle] <= rune)
            low = middle + 1;
        else
            high = middle;
    }
    return low % 2 == 1;
}

int letter_is(uint32_t rune)
{
    return is_in(letter_turns, sizeof letter_turns / sizeof letter_turns[0], rune);
}

int letter_is_digit(uint32_t rune)
{
    return is_in(letter_digit_turns, sizeof letter_digit_turns / sizeof letter_digit_turns[0],
                 rune);
}
