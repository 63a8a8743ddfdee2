/* SPDX-License-Identifier: BSD-2-Clause */
/* One request whose answer is a JSON object for people to see. */
#ifndef VSECM_CLI_SHOW_H
#define VSECM_CLI_SHOW_H

#include "cli/verb.h"

struct arguments;
struct exchange_answer;
struct exchange_request;

/* call_admin() or call_workload(): as whom to ask. */
typedef enum verb_exit show_call(const struct arguments *arguments,
                                 const struct exchange_request *request,
                                 struct exchange_answer *ret);

/* Get PATH and print it as a table, or with -o json as it came. */
enum verb_exit show_object(const struct arguments *arguments, const char *path, show_call *call);

#endif
