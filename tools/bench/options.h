/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of a command line, from a table that is their help as well: --NAME or --NAME=VALUE. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "base/error.h"

#include <stddef.h>

struct option {
    const char *name, *value, *help; /* no value: a switch, which is set to NULL */
    /* 0 or -EINVAL; what would be right may be said in ERROR. */
    int (*set)(void *settings, const char *value, struct error *error);
};

/*
 * Take ARGUMENTS, up to a NULL, for SETTINGS. -EINVAL, with ERROR naming the one that is wrong.
 */
int options_take(const struct option *options, size_t count, void *settings, char **arguments,
                 struct error *error);

/* VALUE is a number from 1 to MAX, into RET. -EINVAL, with ERROR saying so. */
int options_number(const char *value, unsigned max, unsigned *ret, struct error *error);

/* Print a line for each. */
void options_print(const struct option *options, size_t count);

#endif
