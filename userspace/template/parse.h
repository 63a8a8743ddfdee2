/* SPDX-License-Identifier: BSD-2-Clause */
/* A template's text into trees (Go 1.26, text/template/parse). */
#ifndef VSECM_TEMPLATE_PARSE_H
#define VSECM_TEMPLATE_PARSE_H

#include "base/span.h"

struct error;
struct symbol;
struct symbol_table;

/*
 * Parse SOURCE, which must outlive the trees. The template itself and what it defines are then the
 * definitions of their symbols in SYMBOLS; MAIN is the symbol of the template itself. Memory is of
 * the pool of SYMBOLS. 0; -EINVAL: Go would not parse it either, or it uses imaginary numbers;
 * -E2BIG: nested too deep, or too much memory; -ENOSPC: no memory. With LINE:COLUMN in ERROR.
 */
int parse_template(struct span source, struct symbol *main, struct symbol_table *symbols,
                   struct error *error);

#endif
