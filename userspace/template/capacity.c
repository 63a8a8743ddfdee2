/* SPDX-License-Identifier: BSD-2-Clause */
#include "template/capacity.h"

#include <stdint.h>

size_t capacity_of(size_t count)
{
    /* Measured: it grows twofold, later by a quarter, up to what Go's allocator hands out. */
    static const uint32_t steps[] = {
        0,     1,     2,     4,     8,      16,     32,     71,     143,    303,    591,    1023,
        1535,  2560,  3584,  5120,  6656,   8704,   11264,  14336,  18432,  23552,  29696,  37376,
        47104, 59392, 74752, 93696, 117760, 147456, 184832, 231424, 289792, 362496, 453632, 567296};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (count <= steps[i])
            return steps[i];
    return count;
}
