/* SPDX-License-Identifier: BSD-2-Clause */
/* One request whose answer is a JSON object for people to see. */
#ifndef VSECM_CLI_SHOW_H
#define VSECM_CLI_SHOW_H

#include "cli/call.h"

struct arguments;

/* Get PATH and print it as a table, or with -o json as it came. */
enum verb_exit show_object(const struct arguments *arguments, const char *path, call_as *call);

#endif
