/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/ratio.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct ratio ratio_of(double *values, unsigned n)
{
    qsort(values, n, sizeof(*values), compare);
    return (struct ratio){
        .median = (values[(n - 1) / 2] + values[n / 2]) / 2,
        .min = values[0],
        .max = values[n - 1],
    };
}
