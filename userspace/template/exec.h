/* SPDX-License-Identifier: BSD-2-Clause */
/* Trees executed: text written, branches and ranges walked (Go 1.26, text/template). */
#ifndef VSECM_TEMPLATE_EXEC_H
#define VSECM_TEMPLATE_EXEC_H

struct eval;
struct symbol;
struct value;

/*
 * Execute the template NAME with DATA as its dot; "$" is the symbol of that variable. Codes and
 * messages are those of eval_pipe().
 */
int exec_template(struct eval *eval, const struct symbol *name, const struct symbol *dollar,
                  const struct value *data);

#endif
