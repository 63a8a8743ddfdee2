/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipelines: operands, commands, what they are assigned to. */
#ifndef VSECM_TEMPLATE_PARSE_PIPE_H
#define VSECM_TEMPLATE_PARSE_PIPE_H

#include "template/lex.h"

struct parser;
struct tree_pipe;

enum parse_pipe_of { PARSE_PIPE_OF_RANGE, PARSE_PIPE_OF_OTHERS };

/*
 * Read a pipeline from the token in hand to END (LEX_CLOSE or LEX_RIGHT), and over that. Only a
 * range may set two variables. 0, or -EINVAL, -E2BIG, -ENOSPC with the reason in the parser's
 * error.
 */
int parse_pipe(struct parser *parser, enum parse_pipe_of of, enum lex_kind end,
               const struct tree_pipe **ret);

#endif
