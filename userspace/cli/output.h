/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes to standard output. */
#ifndef VSECM_CLI_OUTPUT_H
#define VSECM_CLI_OUTPUT_H

#include "cli/verb.h"

#include <stddef.h>

struct exchange_answer;

/* Write DATA, which may be secret, straight to the descriptor FD. 0 or -errno. */
int output_write(int fd, const void *data, size_t length);

/*
 * Write DATA, which may be secret, straight to the descriptor, past any stdio buffer. VERB_OK, or
 * VERB_REFUSED, said.
 */
enum verb_exit output_bytes(const void *data, size_t length);

/*
 * Write a value as it is; at a terminal with a newline when it does not end in one, so that the
 * prompt stands on its own line. VERB_OK, or VERB_REFUSED, said.
 */
enum verb_exit output_value(const char *data, size_t length);

/* Write an answer's body, and a newline when it does not end in one. */
enum verb_exit output_body(const struct exchange_answer *answer);

/*
 * Print an answer's body, a JSON object whose objects nest one level, as aligned "name: value"
 * lines. VERB_OK, or VERB_REFUSED, said, when it is none.
 */
enum verb_exit output_object(const struct exchange_answer *answer);

#endif
