/* SPDX-License-Identifier: BSD-2-Clause */
/* The template that -t or --template-file gives. */
#ifndef VSECM_CLI_TEMPLATE_SOURCE_H
#define VSECM_CLI_TEMPLATE_SOURCE_H

#include "base/span.h"
#include "cli/value.h"
#include "cli/verb.h"

struct arguments;

struct template_source {
    struct span text;  /* empty: none was given */
    struct value file; /* what it points into, where it came from a file */
};

/* On VERB_OK *ret is to be cleared; any other exit status has been said. */
enum verb_exit template_source_read(const struct arguments *arguments, struct template_source *ret);

/* A cleared one is fine. */
void template_source_clear(struct template_source *source);

#endif
