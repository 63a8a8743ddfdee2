/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that secrets pass through: no core file, and no reading of its memory by its user. */
#ifndef VSECM_CLI_UNDUMPABLE_H
#define VSECM_CLI_UNDUMPABLE_H

/* Become one. 0 or -errno. */
int undumpable_begin(void);

/* In a child, before execve(), which makes it dumpable again: the limit of core files as it was. */
void undumpable_undo(void);

#endif
