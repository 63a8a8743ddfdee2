/* SPDX-License-Identifier: BSD-2-Clause */
/* What a file, a pipe or a terminal says, in locked memory from its first byte on. */
#ifndef VSECM_CLI_VALUE_H
#define VSECM_CLI_VALUE_H

#include <stddef.h>

struct error;

struct value {
    char *data; /* locked; NULL once cleared */
    size_t length;
    size_t size; /* bytes at data */
};

/* Where it comes from. */
struct value_source {
    const char *file; /* NULL or "-": standard input */
    const char *what; /* it is, for prompts and errors */
    size_t limit;     /* bytes that are too many above it */
};

/*
 * Read a value: the bytes of a file as they are, of standard input, or one line of the terminal,
 * with a prompt and without echo, when that is where standard input comes from. Returns 0 with *ret
 * to be cleared, or -errno with *error set; -EFBIG above the limit.
 */
int value_read(const struct value_source *source, struct value *ret, struct error *error);

/*
 * Read FILE, whose owner and mode must be good (base/file.h), or standard input when it is NULL, at
 * most MAX bytes. Returns as value_read() does.
 */
int value_read_kept(const char *file, size_t max, struct value *ret, struct error *error);

/*
 * Ask for one line at the terminal of the session, wherever standard input comes from, without
 * echo. Returns as value_read() does; -ENXIO when there is no terminal.
 */
int value_ask(const char *prompt, struct value *ret, struct error *error);

/*
 * Read FILE, whose owner and mode must be good (base/file.h), or standard input when it is NULL, at
 * most MAX bytes. Returns as value_read() does.
 */
int value_read_kept(const char *file, size_t max, struct value *ret, struct error *error);

/*
 * Ask for one line at the terminal of the session, wherever standard input comes from, without
 * echo. Returns as value_read() does; -ENXIO when there is no terminal.
 */
int value_ask(const char *prompt, struct value *ret, struct error *error);

/* Wipe and release. A cleared one is fine. */
void value_clear(struct value *value);

#endif
