/* SPDX-License-Identifier: BSD-2-Clause */
/* What guards and daemon do when somebody wants too much. */
#ifndef VSECM_GUEST_FLOOD_H
#define VSECM_GUEST_FLOOD_H

/* ARGUMENTS: the kernel, the daemon. Prints a line for each; the exit status. */
int flood_main(char **arguments);

#endif
