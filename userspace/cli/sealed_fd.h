/* SPDX-License-Identifier: BSD-2-Clause */
/* A secret behind a descriptor, in memory that nobody can change any more. */
#ifndef VSECM_CLI_SEALED_FD_H
#define VSECM_CLI_SEALED_FD_H

#include <stddef.h>

struct error;
struct guard;

/*
 * A descriptor, close-on-exec, at the beginning of LENGTH bytes of DATA, sealed against any change
 * and, where the kernel can, against being executed. GUARD has guarded it before they were in it;
 * NULL: it is not guarded. The caller's, or -errno with *error set.
 */
int sealed_fd_new(const void *data, size_t length, struct guard *guard, struct error *error);

#endif
