/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/printable.h"

#include <stddef.h>

#include "template/printable_table.h"

int printable_rune(uint32_t rune)
{
    size_t low = 0, high = sizeof printable_turns / sizeof printable_turns[0];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (printable_turns[middle] <= rune)
            low = middle + 1;
        else
            high = middle;
    }
    return low % 2 != 0;
}
