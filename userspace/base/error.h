/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reason for people, beside the -errno for the program. Libraries fill it and never log; whoever
 * handles the failure prints it once. No secret is ever put in it.
 */
#ifndef VSECM_BASE_ERROR_H
#define VSECM_BASE_ERROR_H

#define ERROR_TEXT 1024

struct error {
    char text[ERROR_TEXT]; /* NUL-terminated; "" when nothing was said */
};

/*
 * Set the text (cut to fit) and return CODE, so that a failure is one line:
 *     return error_set(error, -EINVAL, "%s: line %u: ...", path, line);
 * ERROR may be NULL.
 */
int error_set(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set(), with ": " and the text of errno value -CODE at the end. */
int error_errno(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Append a line ("\n" and the text) to what is there already; for lists of what is missing. */
void error_add(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
