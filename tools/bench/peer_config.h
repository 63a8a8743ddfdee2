/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer's configuration: a file for people to read, with names for what each run chooses. */
#ifndef BENCH_PEER_CONFIG_H
#define BENCH_PEER_CONFIG_H

#include "base/error.h"
#include "base/span.h"
#include "base/writer.h"

#include <stddef.h>

struct peer_config_name {
    const char *name, *value; /* "PORT" for @PORT@ */
};

/*
 * TEXT with each @NAME@ (capitals) replaced by its value among the COUNT of NAMES, into W; another
 * @ stays as it is. -EINVAL with ERROR filled for a NAME that is none of them; -EMSGSIZE.
 */
int peer_config_fill(struct span text, const struct peer_config_name *names, size_t count,
                     struct writer *w, struct error *error);

#endif
