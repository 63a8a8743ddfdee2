/* SPDX-License-Identifier: BSD-2-Clause */
/* What `vsecm-bench load` can be asked for. */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include "base/error.h"
#include "bench/daemon.h"

#include <stdbool.h>
#include <stddef.h>

#define LOAD_OPTIONS_VALUE_MAX (1024u * 1024u)

enum load_work { LOAD_GET, LOAD_CONNECT, LOAD_PUT, LOAD_WATCH, LOAD_PAGE, LOAD_ROTATE, LOAD_WORKS };
enum load_place { LOAD_SAME, LOAD_APART, LOAD_NONE, LOAD_PLACES };

struct load_options {
    struct daemon_options daemon;
    const char *socket; /* of an existing daemon; NULL: one of our own */
    enum load_work work;
    int place;   /* enum load_place; -1: not said */
    double rate; /* a second; 0: closed loop */
    unsigned clients, seconds;
    size_t value_bytes; /* 0: not said */
    bool json;
};

/* Read ARGUMENTS, up to a NULL, into *ret. -errno with ERROR filled. --help ends the program. */
int load_options_take(char **arguments, struct load_options *ret, struct error *error);

/* Print what there is. */
void load_options_help(void);

/* "get"; from when to when it is timed; whether clients follow what one changes. */
const char *load_options_name(enum load_work work);
const char *load_options_timed(enum load_work work);
bool load_options_is_crowd(enum load_work work);

/* "same" */
const char *load_options_place(int place);

#endif
