/* SPDX-License-Identifier: BSD-2-Clause */
/* The private directory of a server that we start: its words are in the file log there. */
#ifndef BENCH_SCRATCH_H
#define BENCH_SCRATCH_H

#include "base/error.h"

/* In a child about to become another program: what it prints goes to DIR/log. -errno. */
int scratch_take_output(const char *dir);

/* Add the end of what is in DIR/log to ERROR, as said by WHO. */
void scratch_add_log(const char *dir, const char *who, struct error *error);

/* Remove DIR with all that is in it and forget its name. "" is fine. */
void scratch_remove(char *dir);

#endif
