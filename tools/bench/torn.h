/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Not a measurement but a check: readers that copy a page as fast as they can, while its secret is
 * changed as fast as the daemon can. No copy may be of two values.
 */
#ifndef BENCH_TORN_H
#define BENCH_TORN_H

#include "base/error.h"
#include "bench/daemon.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TORN_READERS 2u

struct torn_options {
    const struct daemon_options *daemon;
    unsigned seconds; /* at least */
    uint64_t changes; /* of the page, at least */
};

struct torn_reader {
    uint64_t copies, torn; /* by the sequence */
    uint64_t again;        /* the writer was there, so that it was copied anew */
    uint64_t blind_copies; /* without a look at the sequence: the proof */
    uint64_t blind_torn;   /* that it would show */
};

struct torn {
    uint64_t puts, changes, elapsed_ns;
    struct torn_reader reader[TORN_READERS];
};

/* Run it. -errno with ERROR filled, when no answer was found. */
int torn_run(const struct torn_options *options, struct torn *torn, struct error *error);

/* The answer, in words, to OUT. Whether no copy was torn, and some would have been without care. */
bool torn_report(FILE *out, const struct torn *torn);

/* The value of change NUMBER: its length, and the letter that is all of it. */
size_t torn_length(uint64_t number);
char torn_letter(uint64_t number);

/* Whether VALUE is that of some change. */
bool torn_is_whole(const char *value, size_t length);

#endif
