/* SPDX-License-Identifier: BSD-2-Clause */
/* The wrapped root key in a file, so that a node that starts alone knows it. It is ciphertext. */
#ifndef VSECM_CLUSTER_ROOT_COPY_H
#define VSECM_CLUSTER_ROOT_COPY_H

#include <stddef.h>

#include "base/span.h"

/* The file NAME in DIR: *ret of *length bytes, to be freed. 0, -ENOENT, -EFBIG, or -errno. */
int root_copy_read(int dir, const char *name, char **ret, size_t *length);

/* Write it, mode 0600, whole or not at all. 0 or -errno. */
int root_copy_write(int dir, const char *name, struct span text);

#endif
