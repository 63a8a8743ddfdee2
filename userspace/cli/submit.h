/* SPDX-License-Identifier: BSD-2-Clause */
/* One request of an administrator with a body that may hold a secret. */
#ifndef VSECM_CLI_SUBMIT_H
#define VSECM_CLI_SUBMIT_H

#include "cli/verb.h"

#include <stddef.h>

struct arguments;
struct exchange_answer;
struct writer;

struct submit {
    const char *method;
    const char *target;
    size_t limit; /* bytes of the longest answer to expect */
    /* Writes the body, twice the same (cli/encode.h). */
    void (*write)(struct writer *writer, const void *argument);
    const void *argument;
};

/* Write the body into locked memory and send it by call_admin(), whose results these are. */
enum verb_exit submit_body(const struct arguments *arguments, const struct submit *what,
                           struct exchange_answer *ret);

#endif
