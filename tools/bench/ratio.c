/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/ratio.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAIL 0.025    /* of 95 %, at either end */
#define EXACT 10000u  /* quotients up to which the distribution of ranks is counted out */
#define DEVIATES 1.96 /* that leave TAIL */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t n)
{
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

/* How many of N values lie below the interval: as many as N throws of a coin leave with TAIL. */
static unsigned below(unsigned n)
{
    double chance = pow(0.5, n), sum = chance;
    unsigned k = 0;

    while (sum <= TAIL && k < n) {
        k++;
        chance = chance * (n - k + 1) / k;
        sum += chance;
    }
    return k ? k - 1 : 0;
}

double ratio_median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), compare);
    return middle(values, n);
}

struct ratio ratio_of(double *values, unsigned n)
{
    struct ratio ret = {.rounds = n};

    memcpy(ret.round, values, n * sizeof(*values));
    ret.median = ratio_median(values, n);
    ret.min = values[0];
    ret.max = values[n - 1];
    ret.low = values[below(n)];
    ret.high = values[n - 1 - below(n)];
    return ret;
}

bool ratio_is_told(const struct ratio *ratio, double part)
{
    return ratio->high <= ratio->median * (1 + part) && ratio->low >= ratio->median / (1 + part);
}

const char *ratio_mark(const struct ratio *ratio)
{
    return ratio_is_told(ratio, RATIO_TOLD) ? "" : RATIO_UNTOLD;
}

const char *ratio_text(const struct ratio *ratio, int digits, char ret[static RATIO_TEXT])
{
    snprintf(ret, RATIO_TEXT, "%s%.*f (%.*f..%.*f)", ratio_mark(ratio), digits, ratio->median,
             digits, ratio->min, digits, ratio->max);
    return ret;
}

/*
 * In how many of all orders of N and M values the rank sum is u above its least, u < COUNT: the
 * coefficients of a Gaussian binomial, multiplied out factor by factor.
 */
static void count_orders(size_t n, size_t m, double *orders, size_t count)
{
    memset(orders, 0, count * sizeof(*orders));
    orders[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        for (size_t u = count; u-- > m + i;)
            orders[u] -= orders[u - m - i];
        for (size_t u = i; u < count; u++)
            orders[u] += orders[u - i];
    }
}

static size_t cut_exactly(size_t n, size_t m)
{
    static double orders[EXACT / 2 + 1];
    double all = 1, sum = 0;
    size_t u = 0, count = n * m / 2 + 1;

    for (size_t i = 1; i <= n; i++)
        all *= (double)(m + i) / (double)i;
    count_orders(n, m, orders, count);
    while (u < count && (sum += orders[u]) <= TAIL * all)
        u++;
    return u;
}

size_t ratio_cut(size_t n, size_t m)
{
    double quotients = (double)n * (double)m;

    if (n * m <= EXACT)
        return cut_exactly(n, m);
    return (size_t)(quotients / 2 - DEVIATES * sqrt(quotients * (double)(n + m + 1) / 12));
}

int ratio_compare(const double *before, size_t n, const double *after, size_t m,
                  struct ratio_change *ret)
{
    size_t count = n * m, cut = ratio_cut(n, m);
    double *quotients = calloc(count, sizeof(*quotients));

    if (!quotients)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        quotients[i] = after[i % m] / before[i / m];
    qsort(quotients, count, sizeof(*quotients), compare);
    *ret = (struct ratio_change){.factor = middle(quotients, count), .is_known = cut > 0};
    if (cut) {
        ret->low = quotients[cut - 1];
        ret->high = quotients[count - cut];
    }
    free(quotients);
    return 0;
}
