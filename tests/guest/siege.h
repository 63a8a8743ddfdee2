/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks without an end, while the daemon is killed and replaced again and again. */
#ifndef VSECM_GUEST_SIEGE_H
#define VSECM_GUEST_SIEGE_H

/* ARGUMENTS: the kernel, the daemon, another build or copy of it. The exit status. */
int siege_main(char **arguments);

#endif
