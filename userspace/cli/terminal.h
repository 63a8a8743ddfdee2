/* SPDX-License-Identifier: BSD-2-Clause */
/* One line from a terminal, typed without echo. */
#ifndef VSECM_CLI_TERMINAL_H
#define VSECM_CLI_TERMINAL_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Write PROMPT to the descriptor OUT and read a line from the terminal IN into LINE of SIZE bytes,
 * its newline left out. A signal that ends or stops the program first gets its echo back. Returns
 * the line's length, or -errno: -EFBIG when line and newline fill LINE, -EINTR when a signal came
 * and the program goes on. With SIZE at most 4,096 no line that the terminal has cut passes for a
 * whole one.
 */
ssize_t terminal_read_line(int in, int out, const char *prompt, char *line, size_t size);

#endif
