/* SPDX-License-Identifier: BSD-2-Clause */
/* What another program says. */
#ifndef BENCH_CAPTURE_H
#define BENCH_CAPTURE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Run the program at ARGUMENTS[0] and wait for its end. All it printed, and its errors too where
 * ERRORS_TOO, is in RET, with a NUL that does not count; its length, or -errno: -EMSGSIZE for SIZE
 * bytes or more, -EPIPE when it failed. ERROR filled.
 */
ssize_t capture_output(const char *const arguments[], bool errors_too, char *ret, size_t size,
                       struct error *error);

#endif
