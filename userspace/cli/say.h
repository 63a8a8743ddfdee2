/* SPDX-License-Identifier: BSD-2-Clause */
/* What goes to standard error: one line, "vsecm: ..." */
#ifndef VSECM_CLI_SAY_H
#define VSECM_CLI_SAY_H

#include "cli/verb.h"

/* Say it under another name, which outlives the program. */
void say_as(const char *name);

/* Say what failed and return STATUS, so that a failure is one line. Never given a secret. */
enum verb_exit say_failure(enum verb_exit status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Say what should be known although it went well. */
void say_notice(const char *notice);

#endif
